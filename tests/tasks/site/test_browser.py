"""The site in a real Chromium, behind a plain file server and from disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.tasks.report.conftest import browser  # noqa: F401
from tests.tasks.site.many import NAMES, many_runs, one_run
from unisafe_tasks.publishing.publishable import read_published
from unisafe_tasks.site.build import build_site
from unisafe_tasks.site.models_file import ModelEntry
from unisafe_tasks.site.submissions import page_name

# Two cores may be busy with other tests.
expect.set_options(timeout=30_000)

SAFEST = "goose-4.1-ultra"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of 15 models, one of which was run twice."""
    root = tmp_path_factory.mktemp("many")
    runs = many_runs(root)
    runs.append(one_run(root / "again", NAMES[1], 20))
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


class Visit:
    """A page that was opened, with what it asked for and complained of."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:  # noqa: F811
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(url)

    @property
    def names(self) -> list[str]:
        """The models of the first table that is shown, as they stand in it."""
        rows = self.page.locator("table.board:visible").first.locator("tbody tr:visible th a")
        return [name.strip() for name in rows.all_inner_texts()]

    def head(self, column: str) -> Any:
        table = self.page.locator("table.board:visible").first
        return table.locator(f"thead th[data-column='{column}'] button")

    def orders(self, number: int) -> list[float]:
        """The numbers of a column of the first table, from top to bottom."""
        cells = self.page.locator("table.board:visible").first.locator(
            f"tbody tr:visible td:nth-child({number + 1})"
        )
        values = cells.evaluate_all("cells => cells.map((cell) => cell.dataset.order)")
        return [float(value) for value in values if value]


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
    here.head("TT").click()
    here.page.locator("#find").fill("e")
    here.page.locator("table.board:visible tbody tr:visible th a").first.click()
    expect(here.page.locator("h1")).to_be_visible()
    here.page.goto(f"{served}/history.html")
    assert {url for url in here.requests if not url.startswith(f"{served}/")} == set()
    assert here.complaints == []


def test_a_column_sorts_up_down_and_back_and_the_address_says_so(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    as_made = here.names
    here.head("TT").click()
    expect(here.head("TT").locator("..")).to_have_attribute("aria-sort", "ascending")
    assert "sort=TT" in here.page.url
    column = here.page.locator("table.board:visible").first.locator("thead th").all_inner_texts()
    number = [text.strip() for text in column].index("TT")
    up = here.orders(number)
    assert up == sorted(up)
    assert up[0] < up[-1]
    here.head("TT").click()
    expect(here.head("TT").locator("..")).to_have_attribute("aria-sort", "descending")
    assert here.orders(number) == sorted(up, reverse=True)
    here.head("TT").click()
    expect(here.head("TT").locator("..")).not_to_have_attribute("aria-sort", "descending")
    assert here.names == as_made


def test_what_has_no_score_is_last_whichever_way_it_is_sorted(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html#sort=TI")
    assert here.names[-1] == "orchard/pear-vl-8b"
    here.head("TI").click()
    expect(here.head("TI").locator("..")).to_have_attribute("aria-sort", "descending")
    assert here.names[-1] == "orchard/pear-vl-8b"


def test_back_goes_to_the_table_as_it_was(visit: Callable[..., Visit], served: str) -> None:
    here = visit(f"{served}/index.html")
    here.head("IE").click()
    here.head("TT").click()
    here.page.locator("#metric").select_option("refusal_rate")
    expect(here.page.locator("table.board:visible caption").first).to_contain_text("Refusal")
    here.page.go_back()
    expect(here.page.locator("table.board:visible caption").first).to_contain_text("Attack")
    expect(here.head("TT").locator("..")).to_have_attribute("aria-sort", "ascending")
    here.page.go_back()
    expect(here.head("IE").locator("..")).to_have_attribute("aria-sort", "ascending")
    order = here.names
    here.page.locator("table.board:visible tbody tr:visible th a").first.click()
    expect(here.page.locator("h1")).to_have_text(order[0])
    here.page.go_back()
    expect(here.head("IE").locator("..")).to_have_attribute("aria-sort", "ascending")
    assert here.names == order


def test_find_shows_the_models_that_fit_and_says_how_many(
    visit: Callable[..., Visit], served: str
) -> None:
    here = visit(f"{served}/index.html")
    here.page.locator("#find").fill("TEAVILLE")
    expect(here.page.locator("#found")).to_have_text("2 of 15 models")
    assert len(here.names) == 2
    assert here.page.url.endswith("#find=TEAVILLE")
    again = visit(here.page.url)
    assert again.names == here.names
    here.page.locator("#find").fill("nobody")
    expect(here.page.locator("#found")).to_have_text("0 of 15 models")


def test_names_are_text_and_nothing_else(visit: Callable[..., Visit], served: str) -> None:
    here = visit(f"{served}/index.html")
    hostile = NAMES[5]
    assert hostile in here.names
    here.page.get_by_role("link", name=hostile).first.click()
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
    here.head("TT").click()
    expect(here.head("TT").locator("..")).to_have_attribute("aria-sort", "ascending")
    assert here.complaints == []


def test_the_tables_are_there_without_scripts(visit: Callable[..., Visit], served: str) -> None:
    here = visit(f"{served}/index.html", java_script_enabled=False)
    assert SAFEST in here.names
    expect(here.page.locator("#tools")).to_be_hidden()


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
