"""Fill the templates of the site's pages, whose policy lets them load nothing from elsewhere.

Styles and scripts are files of the site. For a site opened from disk some browsers do not match
'self'. For them the policy names `file:`, which a page that came over HTTP cannot load.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from unisafe_tasks import report
from unisafe_tasks.report.page import environment, joined

__all__ = ["render", "script", "style"]

_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'self' file:; "
    "script-src 'self' file:; img-src data:; require-trusted-types-for 'script'; trusted-types"
)
# The front table is the report's, so that both show the same.
_STYLES = ("theme.css", "front.css", "charts.css")
_SCRIPTS = ("front.js",)


def render(template: str, view: Mapping[str, Any], *, root: str = "") -> bytes:
    """A page's bytes.

    Args:
        template: the name of the template.
        view: what it shows; every text in it is escaped and made visible.
        root: the way from the page to the site's folder, such as `../`.
    """
    page = environment(__package__, report.__name__).get_template(template)
    return page.render(view, policy=_POLICY, root=root).encode("utf-8")


def style() -> bytes:
    """The style of all pages."""
    return (joined(_STYLES) + _ours("site.css")).encode()


def script() -> bytes:
    """The script of the front page."""
    return (joined(_SCRIPTS) + _ours("site.js")).encode()


def _ours(name: str) -> Markup:
    return Markup(files(__package__).joinpath(name).read_text("utf-8"))
