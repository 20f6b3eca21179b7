"""Fill the templates of the site's pages, whose policy lets them load nothing from elsewhere.

Styles and scripts are files of the site. For a site opened from disk some browsers do not match
'self'. For them the policy names `file:`, which a page that came over HTTP cannot load.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from unisafe_tasks import report
from unisafe_tasks.report.text import shown

__all__ = ["render", "script", "style"]

_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'self' file:; "
    "script-src 'self' file:; img-src data:; require-trusted-types-for 'script'; trusted-types"
)
# The front table is the report's, so that both show the same.
_STYLES = ("theme.css", "front.css", "charts.css", "site.css")
_SCRIPTS = ("front.js", "site.js")


def render(template: str, view: Mapping[str, Any], *, root: str = "") -> bytes:
    """A page's bytes.

    Args:
        template: the name of the template.
        view: what it shows; every text in it is escaped and made visible.
        root: the way from the page to the site's folder, such as `../`.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def safe(value: Any) -> Any:
        is_text = isinstance(value, str) and not isinstance(value, Markup)
        return shown(value) if is_text else value

    environment = Environment(
        autoescape=True,
        finalize=safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_resource),
    )
    page = environment.get_template(template).render(view, policy=_POLICY, root=root)
    return page.encode("utf-8")


def style() -> bytes:
    """The style of all pages."""
    return "".join(map(_resource, _STYLES)).encode()


def script() -> bytes:
    """The script of the front page."""
    return "".join(map(_resource, _SCRIPTS)).encode()


def _resource(name: str) -> str:
    """A file of the site, or of the report."""
    ours = files(__package__).joinpath(name)
    file = ours if ours.is_file() else files(report).joinpath(name)
    return file.read_text("utf-8")
