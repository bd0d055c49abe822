"""Whether words sound alike: who spells by ear is further off in letters than fingers that slip.

*Florsent* differs from *fluorescent* in four letters, too many to be looked for, and has the same consonants but for
those that sound alike.
"""

import re
from typing import Final

SOUND_CHARS_MIN: Final = 3
"""Of fewer consonants too many words are alike."""
BY_EAR: Final = 0.8
"""What edits cost, times this, between words that sound alike."""

_SPELT: Final = (("ph", "f"), ("gh", ""), ("tch", "ch"), ("wh", "w"))
_SAME: Final = str.maketrans("ckqzxvgd", "sssssfjt")
_SILENT: Final = re.compile("[aeiouyhw]")
_TWICE: Final = re.compile(r"(.)\1+")


def sound(word: str) -> str:
    """Equal for words that sound alike: vowels are left out, but for the first letter. `word`: folded."""
    for spelt, said in _SPELT:
        word = word.replace(spelt, said)
    word = _TWICE.sub(r"\1", word).translate(_SAME)
    first = "a" if word[:1] in "aeiouy" else word[:1]
    return _TWICE.sub(r"\1", first + _SILENT.sub("", word[1:]))
