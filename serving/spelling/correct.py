"""A query with its misspelt words put right."""

from collections.abc import Callable, Mapping, Sequence

from schemas.folding import WORD, folded
from schemas.spelling import CorrectedWord, Doubt
from serving.spelling.choose import Language, choose, offered
from serving.spelling.context import NO_CONTEXT, Context


def correct(
    text: str, doubts: Sequence[Doubt], language: Language, context: Context = NO_CONTEXT, *, typing: bool = False
) -> list[CorrectedWord]:
    """What is searched instead of which words of `text`, in their order; pure.

    The last word may not be finished: with `typing` it stays where any product holds a word that begins like it, else
    where more of them do than hold what it would become.
    """
    return _instead(text, doubts, lambda doubt: choose(doubt, language, context), typing)


def offers(text: str, doubts: Sequence[Doubt], language: Language, *, typing: bool = False) -> list[CorrectedWord]:
    """What else may be meant by which words of `text`, none of which is changed; pure."""
    return _instead(text, doubts, lambda doubt: offered(doubt, language), typing)


def unfinished(text: str, *, typing: bool) -> Callable[[Doubt, str], bool]:
    """Whether a word is rather the beginning of another one than what it would be put right to; of `text`."""
    typed = [word[0] for word in WORD.finditer(text)]
    open_end = folded(typed[-1]) if typed and text.endswith(typed[-1]) else ""
    return lambda doubt, better: doubt.word == open_end and _goes_on(doubt, better, typing)


def _instead(
    text: str, doubts: Sequence[Doubt], meant: Callable[[Doubt], str | None], typing: bool
) -> list[CorrectedWord]:
    left = unfinished(text, typing=typing)
    instead: dict[str, str] = {}
    for doubt in doubts:
        better = meant(doubt)
        if better and not left(doubt, better):
            instead[doubt.word] = better
    spelt = dict.fromkeys(word[0] for word in WORD.finditer(text))
    return [CorrectedWord(typed=word, instead=instead[folded(word)]) for word in spelt if folded(word) in instead]


def _goes_on(doubt: Doubt, better: str, typing: bool) -> bool:
    """Whether an unfinished word is likelier than a misspelt one."""
    if not doubt.beginning:
        return False
    if typing:
        return True
    if folded(better).startswith(doubt.word):
        return False
    held = max((one.holding for one in doubt.candidates if one.text == better), default=0)
    return doubt.beginning >= held


def put_right(text: str, words: Sequence[CorrectedWord]) -> str:
    instead: Mapping[str, str] = {word.typed: word.instead for word in words}
    return WORD.sub(lambda found: instead.get(found[0], found[0]), text)
