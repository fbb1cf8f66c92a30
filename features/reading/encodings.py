"""From bytes to text when nobody says in which encoding they were written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from features.reading.sniff import utf16_without_mark
from features.reading.wording import shown
from models.errors import SettingsError, UnreadableError

__all__ = ["Decoded", "decode"]

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000


@dataclass(frozen=True)
class Decoded:
    """Text, the encoding it was written in, and how many bytes had to be replaced by U+FFFD."""

    text: str
    encoding: str
    replaced: int = 0


def decode(data: bytes, encoding: str | None, what: str) -> Decoded:
    """Turn `data` into text.

    In turn: the caller's word, a byte order mark, UTF-8, UTF-16 without a mark, UTF-8 with a few broken
    bytes (those become U+FFFD, and are counted), Windows-1252 for text in which high bytes are rare, and for
    the rest what charset-normalizer makes of it.

    Parameters
    ----------
    data
        The file's content.
    encoding
        The caller's word, or None.
    what
        The file, for messages.

    Raises
    ------
    UnreadableError
        The bytes are no text in the encoding named or in any that fits.
    SettingsError
        No encoding of that name.
    """
    if encoding is not None:
        return _decode_as_told(data, encoding, what)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _replacing(data, name)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    if b"\x00" in data[:_SAMPLE] and (wide := utf16_without_mark(data[:_SAMPLE])):
        return _replacing(data, wide)
    return _guess(data, what)


def _decode_as_told(data: bytes, encoding: str, what: str) -> Decoded:
    try:
        codecs.lookup(encoding)
        # The byte order mark is no part of the text even for those who say "utf-8".
        name = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
        return Decoded(data.decode(name), encoding)
    except LookupError as error:
        raise SettingsError(
            f"There is no encoding {shown(encoding)}",
            consequence="nothing was read",
            next_step="name one that Python knows, such as utf-8, utf-16, cp1252 or shift_jis",
        ) from error
    except UnicodeError as error:
        raise UnreadableError(
            f"{what} is not {encoding} text",
            consequence="nothing was read",
            next_step="leave `--encoding` out to have it found, or name the right one",
        ) from error


def _replacing(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return Decoded(text, encoding, text.count("\ufffd"))
    return Decoded(text, encoding)


def _guess(data: bytes, what: str) -> Decoded:
    loose = data.decode("utf-8", "replace")
    broken = loose.count("\ufffd")
    whole = sum(1 for c in loose if ord(c) > 127) - broken
    if whole > 10 * broken:
        return Decoded(loose, "utf-8", broken)
    high = len(data.translate(None, bytes(range(128))))
    if high < len(data) // 8:
        # Western text: high bytes are the odd accent or curly quote, too few for statistics to be right.
        try:
            return Decoded(data.decode("cp1252"), "cp1252")
        except UnicodeDecodeError:
            return Decoded(data.decode("latin-1"), "latin-1")
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        raise UnreadableError(
            f"{what} is in no encoding that could be told",
            consequence="nothing was read",
            next_step="name it with `--encoding`, or save the file as UTF-8",
        )
    return _replacing(data, best.encoding)
