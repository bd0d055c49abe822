"""The commands for snapshots as files. Only their signatures: the work (run_snapshot.py) is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json

app_of_snapshots = typer.Typer(help="The shards' snapshots.", no_args_is_help=True)

Partitions = Annotated[int | None, typer.Option("--partition", min=0, help="Only this shard; default: every one.")]
Replicas = Annotated[int | None, typer.Option("--replica", min=0, help="Only this replica; default: every one.")]
Partition = Annotated[int, typer.Option("--partition", min=0, help="Which shard.")]
Replica = Annotated[int, typer.Option("--replica", min=0, help="Which of its replicas.")]
Store = Annotated[bool, typer.Option("--store", help="In FRESHET_SNAPSHOT_STORE instead of the shards' folders.")]


def register(app: typer.Typer) -> None:
    app.add_typer(app_of_snapshots, name="snapshot")


@app_of_snapshots.command("ls")
def snapshot_ls(
    partition: Partitions = None, replica: Replicas = None, store: Store = False, data: Data = None, json: Json = False
) -> None:
    """Show the snapshots there are, with their offsets, products and bytes; the newest first."""
    from freshet.run_snapshot import list_snapshots

    raise typer.Exit(list_snapshots(partition, replica, store, data, json))


@app_of_snapshots.command("verify")
def snapshot_verify(
    snapshot: Annotated[str | None, typer.Argument(help="As `freshet snapshot ls` shows it; default: all.")] = None,
    partition: Partitions = None,
    replica: Replicas = None,
    store: Store = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Read every byte of the snapshots and name each damaged file. Exit code 4: there are some."""
    from freshet.run_snapshot import verify_snapshots

    raise typer.Exit(verify_snapshots(snapshot, partition, replica, store, data, json))


@app_of_snapshots.command("restore")
def snapshot_restore(
    snapshot: Annotated[str, typer.Argument(help="As `freshet snapshot ls` shows it.")],
    partition: Partition = 0,
    replica: Replica = 0,
    store: Store = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Let a stopped shard start from this snapshot: newer ones are removed, and the log after it is read again."""
    from freshet.run_snapshot import restore_snapshot

    raise typer.Exit(restore_snapshot(snapshot, partition, replica, store, data, json))


@app_of_snapshots.command("prune")
def snapshot_prune(
    keep: Annotated[
        int | None, typer.Option(min=1, help="So many good ones stay; default: FRESHET_SNAPSHOTS_KEEP.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    partition: Partitions = None,
    replica: Replicas = None,
    store: Store = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Remove a stopped shard's older snapshots; never the newest from before the replay horizon of 7 days."""
    from freshet.run_snapshot import prune_snapshots

    raise typer.Exit(prune_snapshots(keep, dry_run, partition, replica, store, data, json))


@app_of_snapshots.command("diff")
def snapshot_diff(
    first: Annotated[str, typer.Argument(help="As `freshet snapshot ls` shows it.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    partition: Partition = 0,
    replica: Replica = 0,
    store: Store = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show which files, bytes, products and offers two snapshots of a shard have in common."""
    from freshet.run_snapshot import diff_snapshots

    raise typer.Exit(diff_snapshots(first, second, partition, replica, store, data, json))
