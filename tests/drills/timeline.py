"""Draws what a storefront saw during a drill, as SVG: answers a second and their times, faults red, recovery blue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, PANEL, GAP, LEFT, TOP = 1_000, 120, 34, 60, 30
"""Pixels: two panels above each other."""
WHOLE, NOT_WHOLE, FAULT, RECOVERY = "#2b8a3e", "#f08c00", "#e03131", "#a5d8ff"


class Asked(NamedTuple):
    """One search; seconds of one clock."""

    due_s: float
    answered_s: float
    whole: bool
    """Answered, with nothing left out."""


class Struck(NamedTuple):
    """One fault, over at once or after a while, and when all was as before."""

    name: str
    begun_s: float
    over_s: float
    normal_s: float


def write_timeline(path: Path, title: str, asked: Sequence[Asked], struck: Sequence[Struck]) -> str:
    """Returns the path, for the drill's line of JSON."""
    path.write_text(timeline(title, asked, struck), encoding="utf-8")
    return str(path)


def timeline(title: str, asked: Sequence[Asked], struck: Sequence[Struck]) -> str:
    """`asked` must not be empty."""
    begun_s = min(one.due_s for one in asked)
    seconds = int(max(one.answered_s for one in asked) - begun_s) + 1
    answered: dict[bool, dict[int, int]] = {True: defaultdict(int), False: defaultdict(int)}
    slowest_s: dict[int, float] = defaultdict(float)
    for one in asked:
        second = int(one.answered_s - begun_s)
        answered[one.whole][second] += 1
        slowest_s[second] = max(slowest_s[second], one.answered_s - one.due_s)
    rate_max = max(answered[True][second] + answered[False][second] for second in range(seconds))
    step = (WIDTH - LEFT) / seconds
    lower = TOP + PANEL + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 10} {lower + PANEL + GAP}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        _text(LEFT, 18, f"{title}: {len(asked)} searches in {seconds} s"),
        *_bands(struck, begun_s, step, lower + PANEL),
    ]
    for second in range(seconds):
        whole, other = answered[True][second], answered[False][second]
        x, scale = LEFT + second * step, PANEL / rate_max
        parts.append(_bar(x, TOP + PANEL - whole * scale, step, whole * scale, WHOLE))
        parts.append(_bar(x, TOP + PANEL - (whole + other) * scale, step, other * scale, NOT_WHOLE))
    longest_s = max(slowest_s.values())
    points = " ".join(
        f"{LEFT + (second + 0.5) * step:.1f},{lower + PANEL - slowest_s[second] / longest_s * PANEL:.1f}"
        for second in sorted(slowest_s)
    )
    parts.append(f'<polyline points="{points}" fill="none" stroke="#343a40"/>')
    parts += [
        _text(2, TOP + 10, f"{rate_max}/s"),
        _text(2, lower + 10, f"{longest_s:.2f} s"),
        *_axis(seconds, step, lower),
    ]
    legend = (
        ("whole answers a second", WHOLE),
        ("failed or partial", NOT_WHOLE),
        ("fault", FAULT),
        ("recovery", RECOVERY),
    )
    for number, (what, colour) in enumerate(legend):
        parts += [_bar(LEFT + 180 * number, TOP + PANEL + 12, 10, 10, colour)]
        parts += [_text(LEFT + 14 + 180 * number, TOP + PANEL + 21, what)]
    parts += [_text(LEFT + 180 * len(legend), TOP + PANEL + 21, "line below: slowest of each second"), "</svg>"]
    return "\n".join(parts)


def _bands(struck: Iterable[Struck], begun_s: float, step: float, bottom: int) -> list[str]:
    """Behind all else."""
    parts = []
    for one in struck:
        begin, over, normal = (LEFT + (at_s - begun_s) * step for at_s in (one.begun_s, one.over_s, one.normal_s))
        band = (
            _bar(over, TOP, normal - over, bottom - TOP, RECOVERY),
            _bar(begin, TOP, over - begin + 2, bottom - TOP, FAULT),
        )
        parts.append(f"<g><title>{escape(one.name)}: {one.normal_s - one.over_s:.1f} s</title>{''.join(band)}</g>")
    return parts


def _axis(seconds: int, step: float, lower: int) -> list[str]:
    every = max(1, seconds // 10)
    return [_text(LEFT + at * step, lower + PANEL + 15, f"{at} s") for at in range(0, seconds, every)]


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, said: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'
