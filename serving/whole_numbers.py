"""A whole number that stands in an address."""

from schemas.errors import InvalidRequest, Problem


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Digits alone, no more of them than `most` has. Raises InvalidRequest that names it."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    wrong = f"must be a whole number from {least} to {most}"
    raise InvalidRequest("invalid_request", f"{name} {text!r} {wrong}", (Problem(name, wrong),))
