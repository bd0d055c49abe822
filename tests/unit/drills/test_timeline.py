"""The picture of a drill shows what failed, when, and which fault was at work."""

import xml.etree.ElementTree as ET
from pathlib import Path

from freshet.drills.moments import Asked, Found, Struck
from freshet.drills.timeline import FAULT, LINE, NOT_WHOLE, RECOVERY, WHOLE, timeline, write_timeline

SVG = "{http://www.w3.org/2000/svg}"
ASKED = [Asked(10.0, 10.1, True), Asked(10.2, 10.3, True), Asked(11.0, 11.9, False)]


def bars(drawn: str, colour: str) -> list[tuple[float, float]]:
    """(x, height) of the bars that are not empty, the legend's left out."""
    rects = [one.attrib for one in ET.fromstring(drawn).iter(f"{SVG}rect")]
    found = [(float(one["x"]), float(one["height"])) for one in rects if one["fill"] == colour]
    return [(x, height) for x, height in found if height not in (0.0, 10.0)]


def test_each_second_has_its_whole_answers_and_the_others_above_them() -> None:
    drawn = timeline("a <drill>", ASKED, [])
    assert bars(drawn, WHOLE) == [(60.0, 120.0)]
    assert bars(drawn, NOT_WHOLE) == [(530.0, 60.0)]
    assert "0.90 s" in drawn and "3 searches in 2 s" in drawn and "a &lt;drill&gt;" in drawn


def test_a_fault_is_red_and_its_recovery_blue() -> None:
    drawn = timeline("drill", ASKED, [Struck("kill -9 shard-0", 10.5, 10.5, 11.0)])
    assert [x for x, _ in bars(drawn, FAULT)] == [295.0]
    assert [x for x, _ in bars(drawn, RECOVERY)] == [295.0]
    assert "kill -9 shard-0: 0.5 s" in drawn


def test_it_lies_where_the_drill_says(tmp_path: Path) -> None:
    path = write_timeline(tmp_path / "drill.svg", "drill", ASKED, [])
    assert ET.parse(path).getroot().tag == f"{SVG}svg"


def test_changes_have_a_panel_of_their_own_and_silence_a_line() -> None:
    without, found = timeline("drill", ASKED, []), timeline("drill", ASKED, [], [Found(10.2, 10.4), Found(11.1, 13.6)])
    assert [x for x, _ in bars(found, LINE)] == [177.5, 647.5, 177.5, 647.5], "two seconds of answers, two of changes"
    assert "2.50 s" in found and "2.50 s" not in without
    assert "1.6 s without a whole answer" in timeline("drill", [*ASKED, Asked(11.9, 12.0, False)], [])
    assert "without a whole answer" not in timeline("drill", ASKED[:2], [])
