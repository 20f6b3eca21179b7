"""A hook of MkDocs: pages of the site whose files do not lie in docs/.

README.md and the other pages at the root stay where a reader of the repository looks for them. The
site has copies of them, and links between all pages are rewritten to where the pages are there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

__all__ = ["on_files", "on_page_markdown"]

_ROOT = Path(__file__).parents[1]
_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "unisafe_tasks/benign/README.md": "benign_datasheet.md",
}
"""Path in the repository -> path in the site."""

_LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages to the site."""
    for source, page in _PAGES.items():
        text = (_ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with its links as the site needs them."""
    places = {place: source for source, place in _PAGES.items()}
    here = page.file.src_uri
    folder = posixpath.dirname(places.get(here, f"docs/{here}"))

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2]))
        if target in _PAGES:
            target = _PAGES[target]
        elif target.startswith("docs/"):
            target = target.removeprefix("docs/")
        else:
            return match[0]
        return f"{match[1]}{posixpath.relpath(target, posixpath.dirname(here) or '.')}{match[3]}"

    return _LINK.sub(rewritten, markdown)
