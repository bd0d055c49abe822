"""Text in a stated encoding, line by line; a byte that does not fit is named with its line and the remedy."""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from freshet.imports.readers.rows import ROW_BYTES_MAX
from freshet.imports.readers.stored import Stored, opened
from schemas.errors import SettingsError

UTF_8 = "utf-8"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def codec_of(encoding: str) -> str:
    """Its canonical name; UTF-8 with the mark that Excel writes taken off. Raises SettingsError for an unknown one."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)  # codecs that are no text encodings, such as hex, refuse this
    except (LookupError, TypeError, AttributeError):
        known = "utf-8, utf-16, cp1252 (Western Windows), latin-1, cp1250, shift_jis, gb18030 ..."
        raise SettingsError(f"there is no text encoding {encoding!r}", hint=f"known are {known}") from None
    return "utf-8-sig" if name == UTF_8 else name


@contextmanager
def text_of(path: Path, encoding: str) -> Iterator[tuple[TextIO, Stored]]:
    """The text, line ends as they are. Raises SettingsError, also from inside the block, naming a line that is not in
    that encoding."""
    codec = codec_of(encoding)
    try:
        with opened(path) as stored:
            yield io.TextIOWrapper(stored.content, encoding=codec, newline=""), stored
    except UnicodeError as error:
        raise SettingsError(f"{path}: {_where(path, codec)}", hint=_remedy(path, encoding)) from error


def lines_of(text: TextIO, path: Path) -> Iterator[str]:
    """Lines of at most ROW_BYTES_MAX characters. Raises SettingsError for a longer one."""
    number = 0
    while line := text.readline(ROW_BYTES_MAX + 1):
        number += 1
        if len(line) > ROW_BYTES_MAX:
            raise SettingsError(
                f"{path}: line {number} has more than {ROW_BYTES_MAX:,} characters", hint="is it a file of text?"
            )
        yield line


def _where(path: Path, codec: str) -> str:
    """Reads again, bytes by bytes, to name the first line that cannot be decoded."""
    decoder, lines = codecs.getincrementaldecoder(codec)(), 0
    with opened(path) as stored:
        while chunk := stored.content.readline(ROW_BYTES_MAX):
            try:
                lines += decoder.decode(chunk).count("\n")
            except UnicodeError as error:
                byte = f" (byte 0x{error.object[error.start]:02x})" if isinstance(error, UnicodeDecodeError) else ""
                return f"line {lines + 1} is not {codec.removesuffix('-sig')}{byte}"
    return f"the end of the file, after line {lines}, is not {codec.removesuffix('-sig')}"


def _remedy(path: Path, encoding: str) -> str:
    with opened(path) as stored:
        head = stored.content.read(2)
    if head in UTF_16_MARKS:
        return "it begins like UTF-16: give --encoding utf-16"
    if codec_of(encoding) == "utf-8-sig":
        return "save it as UTF-8, or say what it is: --encoding cp1252 for Western European Windows, latin-1 ..."
    return "say what it is with --encoding"
