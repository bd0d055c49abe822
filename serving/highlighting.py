"""Texts of hits as HTML in which the query's words are lit up; of a description the part that holds most of them."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from schemas.highlight import ANSWER_CHARS_MAX, HIGHLIGHT_CHARS_MAX, HighlightAsk
from schemas.hits import Hit
from serving.lit_words import QueryWords, Span, Token, lit

CUT = "…"
"""Stands where text was left out."""


def highlighted(hits: Sequence[Hit], query: QueryWords, ask: HighlightAsk) -> list[Hit]:
    """The same hits with `highlights`."""
    chars = min(HIGHLIGHT_CHARS_MAX, ANSWER_CHARS_MAX // max(1, len(hits)))
    return [hit.model_copy(update={"highlights": _fields(hit, query, ask, chars)}) for hit in hits]


def _fields(hit: Hit, query: QueryWords, ask: HighlightAsk, chars: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in dict.fromkeys(ask.fields):
        text: str | None = getattr(hit.content, name)
        if text:
            looked_at = text[:chars]
            tokens, flags = lit(looked_at, query, hit.content.locale)
            window = snippet(tokens, flags, ask.snippet_words) if name == "description" else Span(0, len(tokens))
            found[name] = _html(text, len(looked_at), tokens, flags, window, ask)
    return found


def snippet(tokens: Sequence[Token], flags: Sequence[bool], words: int) -> Span:
    """Places of the tokens in a row that hold most different words of the query; of several the first."""
    if len(tokens) <= words:
        return Span(0, len(tokens))
    held: Counter[str] = Counter()
    best, most = 0, 0
    for end, (token, is_lit) in enumerate(zip(tokens, flags, strict=True)):
        if is_lit:
            held[token.terms[0] if token.terms else ""] += 1
        left = end - words
        if left >= 0 and flags[left]:
            key = tokens[left].terms[0] if tokens[left].terms else ""
            held[key] -= 1
            if not held[key]:
                del held[key]
        if len(held) > most:
            best, most = max(0, left + 1), len(held)
    return Span(best, min(len(tokens), best + words))


def _html(
    text: str, looked_at: int, tokens: Sequence[Token], flags: Sequence[bool], window: Span, ask: HighlightAsk
) -> str:
    start = 0 if window.start == 0 else tokens[window.start].start
    end = looked_at if window.end == len(tokens) else tokens[window.end - 1].end
    parts, done = [CUT if start else ""], start
    for span in joined(tokens[window.start : window.end], flags[window.start : window.end]):
        parts += [escape(text[done : span.start]), ask.before, escape(text[span.start : span.end]), ask.after]
        done = span.end
    return "".join([*parts, escape(text[done:end]), CUT if end < len(text) else ""])


def joined(tokens: Sequence[Token], flags: Sequence[bool]) -> list[Span]:
    """Of the lit tokens; signs that stand side by side in one piece."""
    spans: list[Span] = []
    for token, is_lit in zip(tokens, flags, strict=True):
        if not is_lit:
            continue
        if token.sign and spans and spans[-1].end == token.start:
            spans[-1] = Span(spans[-1].start, token.end)
        else:
            spans.append(Span(token.start, token.end))
    return spans
