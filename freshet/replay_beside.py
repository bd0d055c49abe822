"""What the incident page starts as a process of its own: JSON in, JSON out. It goes last before it imports anything.

It ends when its standard input does: a replay whose tier was killed is waited for by nobody.
"""

import os
import sys
import threading

import orjson

from replay.going_last import go_last


def end_with_input() -> None:
    """The pipe ends with the process that holds its other end."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(1)

    threading.Thread(target=watch, name="input", daemon=True).start()


def main() -> None:
    """Argument: what is asked for, as JSON."""
    go_last()
    end_with_input()
    from freshet.replay_asked import told

    sys.stdout.buffer.write(orjson.dumps(told(orjson.loads(sys.argv[1]))))
    sys.stdout.flush()
    os._exit(0)  # the thread that waits for input holds it


if __name__ == "__main__":
    main()
