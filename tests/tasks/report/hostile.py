"""Texts and a name that would do something if they were anything but text. All of them are mild."""

from __future__ import annotations

__all__ = ["NAME", "TEXTS"]

NAME = (
    "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'\"`${1}{{7*7}}"
    "\u202ekcart\x1b[31m\x00\ud800"
)
"""As model, judge, category, subcategory, data source, note and id."""

TEXTS = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1><svg onload=window.pwned=1>",
    "<!--<script>",
    "javascript:window.pwned=1",
    "{{7*7}} {% raw %} ${7*7} #{7*7}",
    "carrot \u202egnihtemos\u202c \u2066x\u2069 \u200b\ufeff turnip",
    "null \x00 bell \x07 escape \x1b]0;title\x07 \x1b[2J delete \x7f csi \x9b31m",
    "half \ud83d of a pair and \udc00 the other",
    "line\u2028separator\u2029paragraph\r\nwindows\rmac",
    "');window.pwned=1;//\\\\'\\",
    '{"case": 0, "__proto__": {"polluted": true}, "verdicts": []}',
    "https://example.org/leak.png http://example.org <a href=//example.org>tea</a>",
    "tag \U000e0041\U000e0042 and filler \u3164 and soft\xadhyphen",
    "kettle " * 150_000,
    "z" + "\u0301" * 5_000,
    "\u0633\u0644\u0627\u0645 salad \u05e9\u05dc\u05d5\u05dd",
    "<base href=//example.org><meta http-equiv=refresh content='0;url=//example.org'>",
)
