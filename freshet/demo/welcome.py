"""What a person is told while the demo starts, and when all of it is there."""


def try_lines(command: str, data_option: str) -> list[str]:
    """`command` as one types it here; `data_option` with a space before it, or empty."""
    return [
        "the demo's products come in now; the page can be used at once. Try there, or in a second terminal:",
        f"  {command} search{data_option} 'something to read by at night'",
        f"  {command} search{data_option} 'gift for someone who cycles in the rain'",
        f"  {command} demo{data_option} --speed 10    # more changes; 0: none; --reset: as at first",
    ]


def searchable_lines(found: int, others: int, url: str, speed: float) -> list[str]:
    beside = f" beside {others:,} other{'s' if others > 1 else ''}" if others else ""
    trickle = f"; changes and clicks follow at speed {speed:g}" if speed else ""
    return [f"{found:,} products of the demo are searchable{beside} at {url}{trickle}"]
