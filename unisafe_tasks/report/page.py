"""Fill the template of report.html, under policies that let nothing else run or load.

Two policies hold together. Scripts and images come from the report's origin only. A script runs
only if the page's script loaded it. Scripts cannot turn text into markup.
For a page opened from disk some browsers do not match 'self'. For them the policy names `file:`. A
page that came over HTTP cannot load a `file:` address anyway.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from unisafe_tasks.report.text import shown, to_script_json

__all__ = ["render"]

_PAGE = "page.html.j2"
# The page holds one style and one script, made of these files in this order.
_STYLES = ("page.css", "cases.css")
_SCRIPTS = ("page.js", "cases.js")


def render(view: Mapping[str, Any], data: Any) -> bytes:
    """The page's bytes.

    Args:
        view: what the template shows; every text in it is escaped and made visible.
        data: what the page's script reads.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def safe(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return shown(value) if is_text else value

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = "".join(map(_resource, _STYLES))
    script = "".join(map(_resource, _SCRIPTS))
    policies = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {_hash(css)}; "
        f"script-src {_hash(script)} 'self' file:; img-src 'self' file: data:; "
        "require-trusted-types-for 'script'; trusted-types side-files",
        f"script-src {_hash(script)} 'strict-dynamic'",
    )
    text = environment.get_template(_PAGE).render(
        view,
        policies=policies,
        css=Markup(css),
        script=Markup(script),
        data=Markup(to_script_json(data)),
    )
    return text.encode("utf-8")


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
