"""Making copies of a text look alike before they are compared."""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["compact_text", "normalise_text"]

_URL = re.compile(r"(?:https?://|www\.)\S+|\bt\.co/\S+")
_USER = re.compile(r"(?<!\w)@\w+")
_NOT_WORD = re.compile(r"[\W_]+")


def normalise_text(text: str) -> str:
    """Reduce a text to its words, so that trivially altered copies become equal.

    HTML entities are resolved, Unicode is brought to NFKC and case-folded, web addresses and @mentions are
    dropped (datasets write ``@user``, ``@USER`` or the real name for the same tweet), and every run of
    anything but letters and digits becomes one space.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        Words separated by single spaces; empty when nothing but decoration was there.
    """
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if "/" in text or "www." in text:
        text = _URL.sub(" ", text)
    if "@" in text:
        text = _USER.sub(" ", text)
    return _NOT_WORD.sub(" ", text).strip()


def compact_text(text: str) -> str:
    """Return :func:`normalise_text` without its spaces: "don't" and the tokenised "do n't" become equal."""
    return normalise_text(text).replace(" ", "")
