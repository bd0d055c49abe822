"""Texts to token ids, cut at the model's context."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from encoders.errors import BundleRefused, EncodingFailed

WORD_END = "</w>"
"""Ends the tokens of CLIP's vocabulary that end a word."""
CHARS_PER_TOKEN_GUESS = 16
"""Texts longer than this many characters for each token of the context are cut before they are tokenised."""


class TextTokenizer:
    """The bundle's tokenizer without padding, truncated at `context` tokens, special ones included. Thread-safe."""

    def __init__(self, path: Path, context: int) -> None:
        """Raises BundleRefused when the file is not a tokenizer."""
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exceptions
            raise BundleRefused(f"{path} is not a tokenizer: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(context)
        self.context = context

    def words(self) -> set[str]:
        """What it takes whole: of WordPiece tokens without ##, of CLIP's those that end a word."""
        vocabulary = self._tokenizer.get_vocab()
        ends = any(token.endswith(WORD_END) for token in vocabulary)
        return {token.removesuffix(WORD_END) for token in vocabulary if not ends or token.endswith(WORD_END)}

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text. Raises EncodingFailed for a text that is not valid Unicode."""
        for index, text in enumerate(texts):
            if not is_unicode(text):
                raise EncodingFailed(index, "holds a lone surrogate, which is not valid Unicode")
        heads = [head(text, self.context * CHARS_PER_TOKEN_GUESS) for text in texts]
        ids = self._ids(heads)
        # Words before the cut tokenise as they would in the whole text, so a full context cannot differ.
        short = [i for i, text in enumerate(texts) if len(heads[i]) < len(text) and len(ids[i]) < self.context]
        for index, whole in zip(short, self._ids([texts[i] for i in short]), strict=True):
            ids[index] = whole
        return ids

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]


def head(text: str, chars_max: int) -> str:
    """The words that end within the first `chars_max` characters: the whole text when it is short enough."""
    if len(text) <= chars_max:
        return text
    cut = text.rfind(" ", 0, chars_max + 1)
    return text if cut < 0 else text[:cut]


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
