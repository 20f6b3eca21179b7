"""The report's front page in a real Chromium: what is seen first, at which width, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tasks.fifteen_models import MODELS, UNRANKED
from tests.tasks.report.visits import findings
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks.report import build_report
from unisafe_tasks.results.scored_run import read_scored_runs

WIDTHS = (1440, 1024, 390)
RANKED = len(MODELS) - len(UNRANKED) - 1


class Opener:
    """Opens pages, and keeps what they complain of."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.complaints: list[str] = []

    def __call__(self, page: Path, width: int = 1440, **context: Any) -> Page:
        viewport = {"width": width, "height": 900}
        opened = self._browser.new_context(viewport=viewport, **context).new_page()
        opened.on("console", lambda message: self.complaints.append(message.text))
        opened.on("pageerror", lambda error: self.complaints.append(str(error)))
        opened.goto(page.as_uri())
        return opened


@pytest.fixture
def visit(browser: Browser) -> Iterator[Opener]:
    opener = Opener(browser)
    yield opener
    for context in browser.contexts:
        context.close()
    assert opener.complaints == []


def box(page: Page, selector: str) -> Mapping[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found, selector
    return found


def names(page: Page) -> list[str]:
    """The models that the first table shows, from top to bottom."""
    return page.locator(".front-table:visible").first.locator(".name:visible").all_inner_texts()


@pytest.mark.parametrize("width", WIDTHS)
def test_scores_begin_on_the_first_screen_and_nothing_is_beside_it(
    width: int, fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report, width)
    first = box(page, ".front-table tbody tr")
    overall = box(page, ".front-table tbody .overall")
    assert first["y"] < 900
    assert overall["x"] >= 0
    assert overall["x"] + overall["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1440, 1024])
def test_the_head_of_the_table_stays_while_the_page_scrolls(
    width: int, fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report, width)
    page.locator(".front-table tbody tr:visible").nth(12).evaluate(
        "row => row.scrollIntoView({behavior: 'instant'})"
    )
    head = box(page, ".front-table thead .overall")
    assert head["y"] == pytest.approx(0, abs=2)


def test_tabs_show_one_score_at_a_time(fifteen_report: Path, visit: Opener) -> None:
    page = visit(fifteen_report)
    first = page.locator("#front-1")
    for tab in ("Risk rating", "Refusal", "Coverage", "Attack success"):
        button = first.get_by_role("button", name=tab, exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert first.locator(".front-table:visible").count() == 1
        assert first.locator('[aria-pressed="true"]').count() == 1
    expect(first.locator(".front-table:visible caption")).to_contain_text("Attack success rate")


def test_a_head_sorts_by_its_column_and_the_unranked_stay_apart(
    fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report)
    by_rank = names(page)

    def column() -> list[float]:
        cells = page.locator('.front-table:visible tbody:not(.apart) [data-head="MT"]')
        return [float(text) for text in cells.all_inner_texts()]

    head = page.locator('.front-table:visible th[data-key="MT"]').first
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert column()[:RANKED] == sorted(column()[:RANKED])
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert column()[:RANKED] == sorted(column()[:RANKED], reverse=True)
    assert set(names(page)[RANKED:]) == set(UNRANKED)
    # A model without the score is last, whichever way.
    assert names(page)[-1] in {"milltown/ferry-omni-lite", "orchard/pear-vl-8b"}
    page.locator(".sort").first.select_option(label="rank, lowest first")
    assert names(page) == by_rank


def test_finding_narrows_every_table_and_says_how_much(fifteen_report: Path, visit: Opener) -> None:
    page = visit(fifteen_report)
    page.locator(".find").first.fill("CARROT")
    assert names(page) == ["teaville/carrot-72b", "teaville/carrot-7b"]
    expect(page.locator(".found").first).to_have_text("2 of 14")
    page.get_by_role("button", name="Coverage", exact=True).first.click()
    assert names(page) == ["teaville/carrot-72b", "teaville/carrot-7b"]
    page.locator(".find").first.fill("")
    assert len(names(page)) == 14


def test_a_cell_leads_to_its_failing_cases_and_a_name_to_its_model(
    fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report)
    row = page.locator(".front-table:visible tbody tr").nth(3)
    link = row.locator('[data-head="IC"] a').get_attribute("href")
    assert link == "#cases?model=teaville%2Fcarrot-72b&task=IC&verdict=unsafe"
    row.locator('[data-head="IC"] a').click()
    expect(page.locator("#f-task")).to_have_value("IC")
    expect(page.locator("#f-verdict")).to_have_value("unsafe")
    expect(page.locator("#f-model option:checked")).to_have_text("teaville/carrot-72b")
    row.locator("th a").click()
    expect(page.locator(".one-model:visible")).to_have_count(1)
    expect(page.locator(".one-model:visible h3")).to_contain_text("teaville/carrot-72b")
    page.go_back()
    other = page.locator(".front-table:visible tbody tr").nth(0)
    other.locator("th a").click()
    expect(page.locator(".one-model:visible h3")).to_contain_text("goose-4.1-ultra")


def test_without_a_script_every_score_and_model_is_there(
    fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report, java_script_enabled=False)
    assert page.locator("#front-1 .front-table:visible").count() == 4
    assert page.locator(".front-tools:visible").count() == 0
    assert page.locator(".one-model:visible").count() == len(MODELS)


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)], ids=str
)
def test_axe_finds_nothing_at_all(
    scheme: str, width: int, fifteen_report: Path, visit: Opener
) -> None:
    page = visit(fifteen_report, width, color_scheme=scheme, bypass_csp=True)
    # Of the whole page axe needs minutes; test_browser.py shows it all sections of a small one.
    assert findings(page, 'section[aria-labelledby="scores"]') == []


def test_paper_has_three_pages_and_one_a_model(fifteen_report: Path, visit: Opener) -> None:
    pdf = visit(fifteen_report).pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    assert len(MODELS) < pages <= 3 + len(MODELS)


WHOLE = dict.fromkeys(("TI", "IE", "IC", "MT", "TT", "IT", "MU"), "unsafe safe safe")
ODD: dict[str, dict[str, dict[str, str]]] = {
    "one model": {"leek": WHOLE},
    "a name of 200 characters": {"leek-" * 40: WHOLE, "k" * 200: WHOLE},
    "0 and 1": {"leek": dict.fromkeys(WHOLE, "safe"), "kale": dict.fromkeys(WHOLE, "unsafe")},
    "nothing supported": {"leek": dict.fromkeys(WHOLE, "unsupported")},
    "a single task": {"leek": {"TT": "unsafe safe"}, "kale": {"TT": "safe safe"}},
    "a hundred models": {f"leek-{number}": {"TT": "unsafe safe"} for number in range(100)},
}


@pytest.mark.parametrize("which", ODD)
def test_whatever_the_models_are_the_page_fits_and_can_be_read(
    which: str, tmp_path: Path, visit: Opener
) -> None:
    runs = []
    for number, (model, codes) in enumerate(ODD[which].items()):
        cases = {}
        for code, said in codes.items():
            cases |= outcomes(code, V1=said, H1=said)
        runs.append(judged_run(tmp_path / str(number), cases, model))
    written = build_report(read_scored_runs(runs), tmp_path / "out")
    for width in WIDTHS:
        page = visit(written.page, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert box(page, ".front-table tbody tr")["y"] < 900
        assert len(names(page)) == len(runs)
        overall = box(page, ".front-table tbody .overall")
        assert overall["x"] + overall["width"] <= width
