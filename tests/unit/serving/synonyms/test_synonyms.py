"""A shop's synonyms: read from lines, found in queries, and read again when their file changes."""

import os
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.metrics import Metrics
from schemas.ways import OTHERS_MAX, WAYS_MAX, OtherWays
from serving.synonyms import read
from serving.synonyms.read import BYTES_MAX, ERRORS_TOLD_MAX, PHRASE_WORDS_MAX, Synonym, read_synonyms
from serving.synonyms.synonyms import SynonymFile, Synonyms
from tests.unit.serving.fakes import FakeShard, Lines, Tier, hit

TEXT = """# televisions
tv, television, flat screen   # both ways
Couch => Sofa, Séttee

telly => tv
"""


def synonyms(text: str) -> Synonyms:
    return Synonyms(read_synonyms(text.encode(), "s.txt"))


def test_both_ways_and_one_way() -> None:
    assert read_synonyms(TEXT.encode(), "s.txt") == [
        Synonym(("tv",), (("television",), ("flat", "screen"))),
        Synonym(("television",), (("tv",), ("flat", "screen"))),
        Synonym(("flat", "screen"), (("tv",), ("television",))),
        Synonym(("couch",), (("sofa",), ("settee",))),
        Synonym(("telly",), (("tv",),)),
    ]


def test_lines_on_the_same_phrase_add_up() -> None:
    [found] = synonyms("a => b\na => c, b\n").of("a")
    assert found.ways == ["b", "c"]


def test_a_query_uses_the_longest_phrase_at_each_place() -> None:
    known = synonyms("flat => even\nflat screen, tv\ncouch => sofa")
    assert known.of("Flat-Screen for a COUCH, flat") == [
        OtherWays(words=["flat", "screen"], ways=["tv"]),
        OtherWays(words=["couch"], ways=["sofa"]),
        OtherWays(words=["flat"], ways=["even"]),
    ]
    assert known.of("sofa") == [] == known.of("") == Synonyms().of("tv") and len(known) == 4


@pytest.mark.parametrize("count", [OTHERS_MAX, OTHERS_MAX + 1])
def test_a_query_uses_only_so_many(count: int) -> None:
    known = synonyms("\n".join(f"w{number} => x" for number in range(count)))
    assert len(known.of(" ".join(f"w{number}" for number in range(count)))) == OTHERS_MAX


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("tv", "one phrase alone"),
        ("tv, ", "a phrase is empty"),
        ("tv, --", "a phrase is empty"),
        ("=> tv", "a phrase is empty"),
        ("tv =>", "a phrase is empty"),
        ("a => b => c", "stands twice"),
        ("tv, a b c d e", "5 words"),
        (", ".join(f"w{number}" for number in range(WAYS_MAX + 1)), "33 phrases"),
        ("\n".join(f"a => w{number}" for number in range(WAYS_MAX + 1)), "line 34: more than 32 ways to say 'a'"),
        ("tv, \xff", "is not UTF-8"),
    ],
)
def test_a_wrong_line_is_named(line: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong) as caught:
        read_synonyms(b"good, better\n" + line.encode("latin-1"), "s.txt")
    assert "s.txt line " in caught.value.message


def test_what_is_just_allowed() -> None:
    read_synonyms(f"tv, {' '.join('abcdefgh'[:PHRASE_WORDS_MAX])}".encode(), "s.txt")
    read_synonyms(", ".join(f"w{number}" for number in range(WAYS_MAX)).encode(), "s.txt")
    read_synonyms("\n".join(f"a => w{number}" for number in range(WAYS_MAX)).encode(), "s.txt")
    assert read_synonyms(b"\xef\xbb\xbf" + b"a, b\r\n", "s.txt")[0].phrase == ("a",)


def test_only_the_first_wrong_lines_are_told() -> None:
    with pytest.raises(SettingsError) as caught:
        read_synonyms(b"tv\n" * (ERRORS_TOLD_MAX + 2), "s.txt")
    assert caught.value.message.count("s.txt line") == ERRORS_TOLD_MAX and caught.value.message.endswith("and 2 more")


@pytest.mark.parametrize("extra", [0, 1])
def test_a_file_has_so_many_bytes_and_lines(extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LINES_MAX", 3)
    for data in (b"#" * (BYTES_MAX + extra), b"#\n" * (3 + extra)):
        if extra:
            with pytest.raises(SettingsError, match="synonyms may have"):
                read_synonyms(data, "s.txt")
        else:
            assert read_synonyms(data, "s.txt") == []


def rewrite(path: Path, text: str) -> None:
    """As editors do: another file takes the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


async def test_a_file_is_read_again_when_it_changes_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    path, known, metrics = tmp_path / "s.txt", Synonyms(), Metrics()
    file = SynonymFile(path, known, metrics, Lines())

    def told() -> tuple[float, float]:
        return tuple(metrics.gauge(name)._value.get() for name in ("freshet_synonyms", "freshet_synonyms_refused"))

    with pytest.raises(SettingsError, match="cannot be read"):
        await file.look()
    assert told() == (0, 1)
    rewrite(path, "tv, television")
    await file.look()
    assert len(known) == 2 and told() == (2, 0)
    rewrite(path, "tv, television\ncouch\n")
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"s\.txt line 2: one phrase alone"):
            await file.look()
    assert len(known) == 2 and told() == (2, 1)
    path.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        await file.look()
    assert len(known) == 2
    rewrite(path, "couch => sofa")
    await file.look()
    assert known.of("tv") == [] and known.of("couch") and told() == (1, 0)


async def test_the_shards_get_the_synonyms_of_a_query_unless_it_says_not() -> None:
    shard = FakeShard(hits=[hit("a")])
    async with Tier([[shard]]) as tier:
        tier.wiring.synonyms.use(read_synonyms(b"tv, television", "s.txt"))
        answer = await tier.search(text="TV stand", explain=True)
        await tier.search(text="tv stand", synonyms=False)
        others = [asked["others"] for asked in shard.asked_words]
        assert others == [[{"words": ["tv"], "ways": ["television"]}], []]
        assert answer["explain"]["synonyms"] == {"tv": ["television"]}
