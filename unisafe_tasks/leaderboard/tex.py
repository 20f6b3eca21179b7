"""Texts of anybody's in LaTeX, and how wide they come out in Computer Modern."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from unisafe_tasks import shortening
from unisafe_tasks.redaction import in_one_line

__all__ = ["NOTHING", "Text", "marked", "paragraph", "shortened", "text", "tiny"]

_SIGNS = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "↓": "$\\downarrow$",
    "↑": "$\\uparrow$",
    "→": "$\\rightarrow$",
    "–": "--",
    "…": "\\dots{}",
    "†": "\\dag{}",
    "‡": "\\ddag{}",
    "§": "\\S{}",
    "¶": "\\P{}",
    "‖": "$\\|$",
    "κ": "$\\kappa$",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "{''}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
_JOINING = re.compile(r"(?<=[-'`,?!<>])(?=[-'`,?!<>])")
"""Between two signs that LaTeX could make one of, as a dash of two hyphens."""

_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r",
    "\u0327": "c",
}

_NARROW, _MIDDLE, _WIDE = set("ijl.,:;!|'`[]() -\"*"), set("frt/I"), set("mwMW@%")
_LONGEST_WORD, _PIECE = 40, 8
"""A longer word may be broken after such pieces: otherwise it could stand out of the text."""

_TO_TINY = 0.83
_TO_BOLD = 1.16


@dataclass(frozen=True)
class Text:
    """A text in LaTeX, and its width in points at footnote size, or a little more."""

    tex: str
    width: float


NOTHING = Text("", 0.0)


def text(plain: str) -> Text:
    """A text as it is."""
    plain = _composed(plain)
    return Text(_escaped(plain), _width(plain))


def tiny(plain: str) -> Text:
    """A text in the smallest size."""
    if not plain:
        return NOTHING
    whole = text(plain)
    return Text(f"{{\\tiny {whole.tex}}}", _TO_TINY * whole.width)


def marked(number: str, marks: str, *, is_bold: bool = False) -> Text:
    """A score. Its marks stand above the line and take no room, which keeps digits aligned."""
    digits = f"$-${number[1:]}" if number.startswith("-") else _escaped(number)
    width = _width(number)
    above = f"\\rlap{{\\textsuperscript{{{_escaped(marks)}}}}}" if marks else ""
    if is_bold:
        return Text(f"\\textbf{{{digits}}}{above}", _TO_BOLD * width)
    return Text(f"{digits}{above}", width)


def shortened(names: Sequence[str], points: float) -> list[Text]:
    """The names in at most so many points, cut where they stay different."""
    composed = [_composed(name) for name in names]
    return [text(name) for name in shortening.shortened(composed, points, _width_of)]


def paragraph(sentence: str) -> str:
    """A sentence. A mark that it begins with stands above the line; long words may be broken."""
    return " ".join(
        _escaped(word)
        if len(word) <= _LONGEST_WORD
        else "\\allowbreak ".join(
            _escaped(word[at : at + _PIECE]) for at in range(0, len(word), _PIECE)
        )
        for word in _composed(sentence).split()
    )


def _composed(plain: str) -> str:
    """The text in one line, each letter one sign with its accent."""
    return unicodedata.normalize("NFC", in_one_line(plain))


def _escaped(plain: str) -> str:
    parts = _JOINING.split(plain)
    return "{}".join("".join(_SIGNS.get(sign) or _letter(sign) for sign in part) for part in parts)


def _letter(sign: str) -> str:
    """A sign that every LaTeX can write, or its number: a document must compile with any name."""
    if " " <= sign <= "~":
        return sign
    apart = unicodedata.normalize("NFD", sign)
    if len(apart) == 2 and apart[1] in _ACCENTS and apart[0].isascii():
        return f"\\{_ACCENTS[apart[1]]}{{{apart[0]}}}"
    return f"[U+{ord(sign):04X}]"


def _width(plain: str) -> float:
    return sum(map(_width_of, plain))


def _width_of(sign: str) -> float:
    if sign == "…":
        return 11.5
    if not sign.isascii() and sign not in _SIGNS and _letter(sign).startswith("["):
        return 41.0
    if sign in _NARROW:
        return 2.9
    if sign in _MIDDLE:
        return 4.3
    return 8.8 if sign in _WIDE else 6.5 if sign.isupper() else 4.25 if sign.isdigit() else 4.8
