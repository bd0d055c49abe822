"""Says one command to a Redis over a plain socket: what a benchmark changes and reads, without a client."""

import socket

TIMEOUT_S = 5.0


def say(port: int, command: str) -> str:
    """The answer to an inline command, as it came. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.sendall(f"{command}\r\n".encode())
        with connection.makefile("rb") as lines:
            head = lines.readline().decode().rstrip()
            return lines.read(int(head[1:])).decode() if head.startswith("$") else head


def used_bytes(port: int) -> int:
    """All memory that Redis counts as its own."""
    facts = dict(line.split(":", 1) for line in say(port, "INFO memory").splitlines() if ":" in line)
    return int(facts["used_memory"])
