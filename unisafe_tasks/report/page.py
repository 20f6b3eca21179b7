"""Fill the template of report.html, under policies that let nothing else run or load.

Two policies hold together. Scripts and images come from the report's origin only. A script runs
only if the page's script loaded it. Scripts cannot turn text into markup.
For a page opened from disk some browsers do not match 'self'. For them the policy names `file:`. A
page that came over HTTP cannot load a `file:` address anyway.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from unisafe_tasks.report.text import shown, to_script_json

__all__ = ["digest", "environment", "joined", "render"]

_PAGE = "page.html.j2"
# The page holds one style and one script, made of these files in this order.
_STYLES = ("theme.css", "front.css", "charts.css", "cases.css")
_SCRIPTS = (
    *("page.js", "front.js"),
    *("case_data.js", "case_address.js", "case_form.js", "case_view.js", "labels.js"),
    *("label_view.js", "cases.js"),
)


def render(view: Mapping[str, Any], data: Any) -> bytes:
    """The page's bytes.

    Args:
        view: what the template shows; every text in it is escaped and made visible.
        data: what the page's script reads.
    """
    css, script = joined(_STYLES), joined(_SCRIPTS)
    policies = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {digest(css)}; "
        f"script-src {digest(script)} 'self' file:; img-src 'self' file: data:; "
        "require-trusted-types-for 'script'; trusted-types side-files",
        f"script-src {digest(script)} 'strict-dynamic'",
    )
    text = (
        environment(__package__)
        .get_template(_PAGE)
        .render(
            view,
            policies=policies,
            css=css,
            script=script,
            data=Markup(to_script_json(data)),
        )
    )
    return text.encode("utf-8")


def environment(*packages: str) -> Environment:
    """Templates of these packages, the first that has one; whatever they show is made harmless."""

    def safe(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return shown(value) if is_text else value

    return Environment(
        loader=ChoiceLoader([FunctionLoader(partial(_template, package)) for package in packages]),
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def joined(names: Iterable[str]) -> Markup:
    """The text of the report's styles or scripts with these names, one after another."""
    return Markup("".join(files(__package__).joinpath(name).read_text("utf-8") for name in names))


def digest(text: str) -> str:
    """A text's hash, as a Content Security Policy names what may be there."""
    sha256 = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(sha256).decode('ascii')}'"


def _template(package: str, name: str) -> str | None:
    path = files(package).joinpath(name)
    return path.read_text("utf-8") if path.is_file() else None
