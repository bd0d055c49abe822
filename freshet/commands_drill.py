"""The command `freshet drill`: only its signature; the work (run_drill.py) is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json


def register(app: typer.Typer) -> None:
    app.command("drill")(drill)


def drill(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of freshet drill ls; all of them: all; or soak.")],
    short: Annotated[bool, typer.Option("--short", help="Two faults in a small catalogue: about a minute.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draws faults and events; default: another each time, and printed.")
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Turn the guard of this drill off: it must find what is broken then.")
    ] = False,
    minutes: Annotated[int, typer.Option(min=2, max=1440, help="Length of the drill soak.")] = 10,
    data: Data = None,
    json: Json = False,
) -> None:
    """Break a stack of its own on purpose, under load, and check that nothing is lost and searches are answered.

    Kafka, Redis and the workers are started in DATA/drills/NAME-SEED: no running shop is touched. Exit code 4: a
    promise was broken.
    """
    from freshet.run_drill import DrillOptions, drill, listed

    if name == "ls":
        raise typer.Exit(listed(json))
    raise typer.Exit(drill(DrillOptions(name, short, seed, control, minutes), data, json))
