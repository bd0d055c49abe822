"""Draws what a storefront saw during a drill, as SVG: answers a second and their times, faults red, recovery blue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from freshet.drills.moments import Asked, Found, Struck, gaps

WIDTH, PANEL, GAP, LEFT, TOP = 1_000, 120, 34, 60, 30
"""Pixels: panels above each other."""
WHOLE, NOT_WHOLE, FAULT, RECOVERY, SILENCE, LINE = "#2b8a3e", "#f08c00", "#e03131", "#a5d8ff", "#868e96", "#343a40"
GAP_S_SHOWN = 0.5
"""A shorter time without a whole answer is not drawn."""


def write_timeline(
    path: Path, title: str, asked: Sequence[Asked], struck: Sequence[Struck], found: Sequence[Found] = ()
) -> str:
    """Returns the path, for the drill's line of JSON."""
    path.write_text(timeline(title, asked, struck, found), encoding="utf-8")
    return str(path)


def timeline(title: str, asked: Sequence[Asked], struck: Sequence[Struck], found: Sequence[Found] = ()) -> str:
    """`asked` must not be empty. `found`: changes, and when each was first shown."""
    axis = _Axis(min(one.due_s for one in asked), max(one.answered_s for one in asked))
    lower = TOP + PANEL + GAP
    lowest = lower + PANEL + GAP if found else lower
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 10} {lowest + PANEL + 2 * GAP}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        _text(LEFT, 16, f"{title}: {len(asked)} searches in {axis.seconds} s"),
        *_bands(struck, axis, lowest + PANEL),
        *_answers(asked, axis),
        *_silence(asked, axis),
        _text(LEFT, lower - 6, "slowest answer, by the second in which it was due"),
        *_slowest([(one.due_s, one.answered_s - one.due_s) for one in asked], axis, lower),
    ]
    if found:
        parts.append(
            _text(LEFT, lowest - 6, "longest until a change was found, by the second in which it was acknowledged")
        )
        parts += _slowest([(one.acked_s, one.wait_s) for one in found], axis, lowest)
    return "\n".join([*parts, *_ticks(axis, lowest), *_legend(lowest + PANEL + GAP), "</svg>"])


class _Axis:
    """Where a moment is drawn."""

    def __init__(self, begun_s: float, ended_s: float) -> None:
        self.begun_s = begun_s
        self.seconds = int(ended_s - begun_s) + 1
        self.step = (WIDTH - LEFT) / self.seconds

    def x(self, at_s: float) -> float:
        return LEFT + (at_s - self.begun_s) * self.step

    def second(self, at_s: float) -> int:
        return min(max(0, int(at_s - self.begun_s)), self.seconds - 1)


def _answers(asked: Sequence[Asked], axis: _Axis) -> list[str]:
    answered: dict[bool, dict[int, int]] = {True: defaultdict(int), False: defaultdict(int)}
    for one in asked:
        answered[one.whole][axis.second(one.answered_s)] += 1
    rate_max = max(answered[True][second] + answered[False][second] for second in range(axis.seconds))
    scale, parts = PANEL / rate_max, []
    for second in range(axis.seconds):
        whole, other = answered[True][second] * scale, answered[False][second] * scale
        x = LEFT + second * axis.step
        parts.append(_bar(x, TOP + PANEL - whole, axis.step, whole, WHOLE))
        parts.append(_bar(x, TOP + PANEL - whole - other, axis.step, other, NOT_WHOLE))
    return [*parts, _text(2, TOP + 10, f"{rate_max}/s")]


def _silence(asked: Sequence[Asked], axis: _Axis) -> list[str]:
    """A line above the answers where there were none."""
    long = [(begin, end) for begin, end in gaps(asked) if end - begin >= GAP_S_SHOWN]
    return [
        f"<g><title>{end - begin:.1f} s without a whole answer</title>"
        f"{_bar(axis.x(begin), TOP - 6, (end - begin) * axis.step, 4, SILENCE)}</g>"
        for begin, end in long
    ]


def _slowest(measured: Sequence[tuple[float, float]], axis: _Axis, top: int) -> list[str]:
    """A bar for the longest time of each second, of (when, how long)."""
    slowest_s: dict[int, float] = defaultdict(float)
    for at_s, took_s in measured:
        second = axis.second(at_s)
        slowest_s[second] = max(slowest_s[second], took_s)
    longest_s = max(slowest_s.values())
    bars = []
    for second, took_s in sorted(slowest_s.items()):
        height = took_s / longest_s * PANEL
        bars.append(_bar(LEFT + (second + 0.25) * axis.step, top + PANEL - height, axis.step / 2, height, LINE))
    return [*bars, _text(2, top + 10, f"{longest_s:.2f} s")]


def _legend(top: int) -> list[str]:
    named = (
        ("whole answers a second", WHOLE),
        ("failed or partial", NOT_WHOLE),
        ("fault", FAULT),
        ("recovery", RECOVERY),
        ("no whole answer", SILENCE),
    )
    parts = []
    for number, (what, colour) in enumerate(named):
        parts += [_bar(LEFT + 170 * number, top, 10, 10, colour), _text(LEFT + 14 + 170 * number, top + 9, what)]
    return parts


def _bands(struck: Iterable[Struck], axis: _Axis, bottom: int) -> list[str]:
    """Behind all else."""
    parts = []
    for one in struck:
        begin, over, normal = (axis.x(at_s) for at_s in (one.begun_s, one.over_s, one.normal_s))
        band = (
            _bar(over, TOP, normal - over, bottom - TOP, RECOVERY),
            _bar(begin, TOP, over - begin + 2, bottom - TOP, FAULT),
        )
        parts.append(
            f'<g fill-opacity="0.4">'
            f"<title>{escape(one.name)}: {one.normal_s - one.over_s:.1f} s</title>{''.join(band)}</g>"
        )
    return parts


def _ticks(axis: _Axis, lowest: int) -> list[str]:
    every = max(1, axis.seconds // 10)
    return [_text(LEFT + at * axis.step, lowest + PANEL + 15, f"{at} s") for at in range(0, axis.seconds, every)]


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, said: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'
