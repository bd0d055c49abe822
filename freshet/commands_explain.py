"""Commands by which the stack explains itself: status, doctor, config, logs, completion. The work is imported late."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from freshet.options import Data, Json, Url

config = typer.Typer(no_args_is_help=True, help="The settings: what is in force, and where it comes from.")


class Level(StrEnum):
    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("doctor")(doctor)
    app.command("logs")(logs)
    app.command("completion")(completion)
    app.add_typer(config, name="config")


def status(
    seconds: Annotated[
        float | None,
        typer.Argument(min=0.2, metavar="SECONDS", help="With --watch: time between looks, 2 by default."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again until Ctrl-C.")] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Show what runs, how far behind it is, what it holds and uses. Exit code 3: nothing runs, 5: not all is well."""
    from freshet.status.run import show_status

    if seconds is not None and not watch:
        raise typer.BadParameter("SECONDS goes with --watch: freshet status --watch 5")
    raise typer.Exit(show_status(url, data, json, seconds or 2.0 if watch else None))


def doctor(url: Url = "", data: Data = None, json: Json = False) -> None:
    """Look for what keeps Freshet from running well, and say what helps. Changes nothing. Exit code 4: a problem."""
    from freshet.doctor.run import examine

    raise typer.Exit(examine(url, data, json))


def _process_names(context: typer.Context, incomplete: str) -> list[str]:
    """For the shell's completion: the logs there are. Looks where the command would, without reading settings."""
    folder = context.params.get("data") or os.environ.get("FRESHET_DATA") or ".freshet"
    return sorted(log.stem for log in (Path(folder) / "logs").glob("*.log") if log.stem.startswith(incomplete))


def _configured_names(incomplete: str) -> list[str]:
    return [name for name in CONFIGURED if name.startswith(incomplete)]


CONFIGURED = ("catalog", "embed", "shard", "session", "serving", "replay", "up")
"""Processes with settings of their own, as `schemas.settings.MODELS` has them (a test holds it)."""
Configured = Annotated[
    str | None,
    typer.Argument(help=f"One of {', '.join(CONFIGURED)}; default: all.", autocompletion=_configured_names),
]


def logs(
    process: Annotated[
        str | None,
        typer.Argument(help="As freshet status names it, or up: the supervisor", autocompletion=_process_names),
    ] = None,
    data: Data = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
    lines: Annotated[
        int | None, typer.Option("-n", "--lines", min=0, help="Last lines of each log; 20, with --since all.")
    ] = None,
    level: Annotated[Level | None, typer.Option(help="Least level that is shown.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what was written since: 30s, 10m, 2h, 1d ago, or a time.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the log of one process, or of all by time: readable on a terminal, as it was written elsewhere."""
    from freshet.run_logs import LogOptions, show

    show(LogOptions(process, follow, lines, level.value if level else None, since, json), data)


@config.command("show")
def config_show(
    process: Configured = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show every setting with its value: of the running processes, else as they would be started. Hides secrets."""
    from freshet.run_config import show

    raise typer.Exit(show(process, origin, data, json))


@config.command("check")
def config_check(data: Data = None, json: Json = False) -> None:
    """Check the settings of every process without starting any. Exit code 2 when one is wrong."""
    from freshet.run_config import check

    raise typer.Exit(check(data, json))


def completion(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(help="The shell to complete in.")]
) -> None:
    """Print the shell's completion script: eval "$(freshet completion bash)"."""
    os.environ["_FRESHET_COMPLETE"] = f"source_{shell.value}"  # so the script itself is asked for, by any shell
    context.find_root().command.main(args=[], prog_name="freshet")
