"""The site in a real Chromium, behind a plain file server and from disk."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from tests.tasks.report.conftest import browser  # noqa: F401
from tests.tasks.report.visits import Opened
from tests.tasks.site.many import NAMES, many_runs, one_run
from unisafe_tasks.publishing.publishable import read_published
from unisafe_tasks.site.build import build_site
from unisafe_tasks.site.models_file import ModelEntry
from unisafe_tasks.site.submissions import page_name

# Two cores may be busy with other tests.
expect.set_options(timeout=30_000)

SAFEST = "goose-4.1-ultra"
_VALUES = "cells => cells.map((cell) => cell.dataset.value)"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of 15 models, one of which was run twice."""
    root = tmp_path_factory.mktemp("many")
    runs = [*many_runs(root), one_run(root / "again", NAMES[1], 20)]
    models = {NAMES[1]: ModelEntry(name=NAMES[1], organisation="Teaville", size="7B")}
    build_site(read_published(runs), root / "site", models=models)
    return root / "site"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The site's address behind the server that `python -m http.server` starts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Visit(Opened):
    """A page of the site."""

    @property
    def table(self) -> Locator:
        """The first table that is shown."""
        return self.page.locator(".front-table:visible").first

    @property
    def names(self) -> list[str]:
        """The models of the table, as they stand in it."""
        return self.table.locator("tbody tr:visible th .name").all_inner_texts()

    @property
    def link(self) -> Locator:
        """The name of the first model."""
        return self.table.locator("tbody tr:visible th a").first

    def head(self, column: str) -> Locator:
        return self.table.locator(f"th[data-key='{column}']")

    def sort(self, column: str) -> None:
        self.head(column).get_by_role("button").click()

    def values(self, column: str) -> list[float]:
        """The numbers of a column for the ranked models, from top to bottom."""
        cells = self.table.locator("tbody").first.locator(f"td[data-head='{column}']")
        return [float(value) for value in cells.evaluate_all(_VALUES)]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:  # noqa: F811
    """Opens pages, which are closed with the test."""
    opened: list[Visit] = []

    def open_page(url: str, **context: Any) -> Visit:
        opened.append(Visit(browser, url, **context))
        return opened[-1]

    yield open_page
    for one in opened:
        one.context.close()


def test_nothing_is_asked_of_anybody_else_and_nothing_complains(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    here.sort("TT")
    here.page.locator(".find").first.fill("e")
    here.link.click()
    expect(here.page.locator("dl.facts")).to_be_visible()
    here.page.goto(f"{served}/history.html")
    assert {url for url in here.requests if not url.startswith(f"{served}/")} == set()
    assert here.complaints == []


def test_a_column_sorts_up_and_down_and_the_address_says_so(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    assert here.page.url == f"{served}/index.html"
    here.sort("TT")
    expect(here.head("TT")).to_have_attribute("aria-sort", "ascending")
    assert here.page.url == f"{served}/index.html#sort=lowest+TT"
    up = here.values("TT")
    assert up == sorted(up)
    assert up[0] < up[-1]
    here.sort("TT")
    expect(here.head("TT")).to_have_attribute("aria-sort", "descending")
    assert here.page.url == f"{served}/index.html#sort=highest+TT"
    assert here.values("TT") == sorted(up, reverse=True)


def test_a_link_shows_the_table_that_it_was_copied_from(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    here.page.get_by_role("button", name="Refusal").first.click()
    here.sort("MU")
    here.page.locator(".find").first.fill("CE")
    expect(here.page.locator(".found").first).to_have_text(re.compile(r"\d of 14"))
    assert here.page.url.endswith("#tab=2&sort=lowest+MU&find=CE")
    again = visit(here.page.url)
    expect(again.table.locator("caption")).to_contain_text("Refusal rate")
    expect(again.head("MU")).to_have_attribute("aria-sort", "ascending")
    assert again.names == here.names
    assert again.page.url == here.page.url


@pytest.mark.parametrize("state", ["tab=9&sort=nothing+up&find=%00", "models", "%", "tab=-1"])
def test_an_address_that_says_nothing_of_use_shows_the_table(
    visit: Callable[..., Visit], served: str, state: str
) -> None:
    here = visit(f"{served}/index.html#{state}")
    expect(here.table.locator("caption")).to_contain_text("Attack success rate")
    expect(here.head("rank")).to_have_attribute("aria-sort", "ascending")
    assert here.complaints == []


def test_back_and_forward_go_to_the_table_as_it_was(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    here.sort("IE")
    order = here.names
    here.sort("TT")
    here.page.get_by_role("button", name="Refusal").first.click()
    expect(here.table.locator("caption")).to_contain_text("Refusal rate")
    here.page.go_back()
    expect(here.table.locator("caption")).to_contain_text("Attack success rate")
    expect(here.head("TT")).to_have_attribute("aria-sort", "ascending")
    here.page.go_back()
    expect(here.head("IE")).to_have_attribute("aria-sort", "ascending")
    assert here.names == order
    here.page.go_forward()
    expect(here.head("TT")).to_have_attribute("aria-sort", "ascending")
    here.page.go_back()
    here.link.click()
    expect(here.page.locator("h1")).to_have_text(order[0])
    here.page.go_back()
    expect(here.head("IE")).to_have_attribute("aria-sort", "ascending")
    assert here.names == order


def test_find_shows_the_models_that_fit_and_says_how_many(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    steps = here.page.evaluate("history.length")
    here.page.locator(".find").first.press_sequentially("TEAVILLE")
    expect(here.page.locator(".found").first).to_have_text("2 of 14")
    assert sorted(here.names) == sorted(NAMES[1:3])
    assert here.page.evaluate("history.length") == steps
    here.page.locator(".find").first.fill("nobody")
    expect(here.page.locator(".found").first).to_have_text("0 of 14")


def test_models_of_another_panel_have_a_table_of_their_own_with_a_state_of_its_own(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    here.page.get_by_text("1 model that must not be compared with these").click()
    other = here.page.locator("[data-front]").nth(1)
    other.get_by_role("button", name="Coverage").click()
    expect(other.locator(".front-table:visible caption")).to_contain_text("Coverage")
    assert here.page.url.endswith("#tab2=3")
    expect(here.table.locator("caption")).to_contain_text("Attack success rate")


def test_names_are_text_and_nothing_else(visit: Callable[..., Visit], served: str) -> None:
    here = visit(f"{served}/index.html")
    hostile = NAMES[5]
    assert hostile in here.names
    here.table.get_by_role("link", name=hostile).click()
    expect(here.page.locator("h1")).to_have_text(hostile)
    assert here.complaints == []


def test_a_model_s_page_has_its_own_address(
    visit: Callable[..., Visit], served: str, site: Path
) -> None:
    for name in (NAMES[1], NAMES[2]):
        here = visit(f"{served}/models/{page_name(name)}.html")
        expect(here.page.locator("h1")).to_have_text(name)
    here.page.get_by_role("link", name="UniSAFE leaderboard").click()
    expect(here.page).to_have_url(f"{served}/index.html")


def test_the_site_works_from_disk(visit: Callable[..., Visit], site: Path) -> None:
    here = visit((site / "index.html").as_uri())
    here.sort("TT")
    expect(here.head("TT")).to_have_attribute("aria-sort", "ascending")
    assert here.complaints == []


def test_the_tables_are_there_without_scripts(visit: Callable[..., Visit], served: str) -> None:
    here = visit(f"{served}/index.html", java_script_enabled=False)
    assert SAFEST in here.names
    expect(here.page.locator(".front-tools").first).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_page_is_wider_than_the_window(
    visit: Callable[..., Visit], served: str, width: int
) -> None:
    for path in ("index.html", "history.html", f"models/{page_name(NAMES[3])}.html"):
        here = visit(f"{served}/{path}", viewport={"width": width, "height": 800})
        assert here.page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["index.html", "history.html", f"models/{page_name('badger-flash')}.html"]
)
def test_axe_finds_nothing(
    visit: Callable[..., Visit], served: str, path: str, scheme: str
) -> None:
    here = visit(f"{served}/{path}", color_scheme=scheme)
    found = Axe().run(here.page)
    assert found.violations_count == 0, found.generate_report()


def test_the_front_page_of_15_models_is_small(site: Path) -> None:
    sizes = [(site / name).stat().st_size for name in ("index.html", "site.css", "site.js")]
    assert sum(sizes) < 1_000_000
