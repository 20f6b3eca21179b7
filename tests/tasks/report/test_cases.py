"""The case browser in a real Chromium: order, address, keys, and two runs side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.tasks.report.folders import run_folder
from tests.tasks.report.hostile import NAME
from tests.tasks.report.visits import Visit, findings
from tests.tasks.samples import rows_of_file, write_rows
from unisafe_tasks.report import build_report
from unisafe_tasks.report.case_links import case_link
from unisafe_tasks.report.text import visible
from unisafe_tasks.results.scored_run import read_scored_runs


def ids(page: Page) -> list[str]:
    return page.locator(".case h3 a, .case h3 bdi").all_inner_texts()


def current(page: Page) -> str:
    return page.locator("#cases > [aria-current] h3").inner_text()


def of_case(seen: Visit, name: str, *, task: str = "text to text") -> None:
    """Wait until the case is the one that is gone to, and has the focus."""
    expect(seen.page.locator("#cases > [aria-current] h3")).to_have_text(f"{name} · {task}")
    expect(seen.page.locator("#cases > [aria-current] h3")).to_be_focused()


# --- the order, and the codes ---


def test_the_worst_cases_come_first(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(f"{report.as_uri()}{case_link('teapot-1', 'TT', '')}").page
    facts = [line.split(" · ")[3] for line in page.locator(".facts").all_inner_texts()]
    # All even cases are unsafe to two judges, and those that four does not divide to the third too.
    assert facts[:3] == ["unsafe (mean judgment 1.00, rating 3.00)"] * 3
    assert all(fact.startswith("unsafe, judges divided") for fact in facts[3:6])
    assert all(fact.startswith("safe") for fact in facts[6:])


def test_codes_are_shown_with_their_names_in_the_taxonomy_of_the_task(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(f"{report.as_uri()}{case_link('teapot-1', 'TT')}")
    # The same code is another subcategory in images.
    facts = seen.page.locator(".facts", has_text="V1 ").first
    expect(facts).to_contain_text("Violence / V1 Threats/intimidation")
    seen.choose("task", "text to image")
    expect(facts).to_contain_text("Violence / V1 Interpersonal harm")
    seen.choose("task", "all")
    options = seen.page.locator("#f-subcategory option").all_inner_texts()
    assert "V1 Interpersonal harm; Threats/intimidation" in options


def test_the_codes_that_judges_name_are_those_of_their_policy(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    rubric = {"name": "house", "sha256": "e" * 64, "codes": {"text": {"A1": "Tea at night"}}}
    panel = {"name": "p", "sha256": "c" * 64, "rubric": rubric, "judges": [{"name": "kettle"}]}
    run = run_folder(
        tmp_path / "run", codes=("TT",), cases=1, judges=("kettle",), info={"panel": panel}
    )
    rows = rows_of_file(run / "verdicts.jsonl")
    write_rows(run / "verdicts.jsonl", [rows[0] | {"violated": ["A1", "<b>B2</b>"]}])
    page = visit(build_report(read_scored_runs([run]), tmp_path / "out").page.as_uri()).page
    row = page.locator("table.verdicts tbody tr")
    assert row.inner_text().split("\t")[-1] == "A1 Tea at night; <b>B2</b>"


# --- the address ---


@pytest.mark.parametrize("how", ["file", "http"])
def test_a_link_opens_the_failing_cases_of_one_model_and_task(
    how: str,
    report: Path,
    address: Callable[[Path, str], str],
    visit: Callable[..., Visit],
) -> None:
    seen = visit(address(report, how) + case_link("teapot-1", "TT"))
    assert seen.count() == "6 cases."
    assert seen.page.locator("#f-model option:checked").inner_text() == "teapot-1"
    assert seen.page.locator("#f-task option:checked").inner_text() == "text to text"
    assert (
        seen.page.evaluate("Math.abs(document.querySelector('#browser').getBoundingClientRect().y)")
        < 60
    )
    assert seen.complaints == []


def test_a_plain_link_in_the_page_does_the_same(report: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(report.as_uri())
    seen.page.evaluate(
        """href => {
          const link = document.createElement("a");
          Object.assign(link, { href, textContent: "0.5", id: "cell" });
          document.querySelector("main").prepend(link);
        }""",
        case_link("samovar-xl", "TT"),
    )
    seen.page.locator("#cell").click()
    expect(seen.page.locator("#count")).to_have_text("40 cases.")
    expect(seen.page.locator("#cases")).to_be_focused()


def test_a_cell_of_the_front_table_opens_its_failing_cases(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    cell = seen.page.locator("#scores ~ * a[href*='model=demo&task=IE']").first
    cell.click()
    expect(seen.page.locator("#f-task option:checked")).to_have_text("image editing")
    expect(seen.page.locator("#f-verdict")).to_have_value("unsafe")
    assert int(seen.count().split()[0]) > 0
    expect(seen.page.locator(".facts .v4, .facts .v3")).to_have_count(len(ids(seen.page)))


def test_every_choice_is_in_the_address_and_the_back_button_undoes_it(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    first = seen.count()
    seen.choose("model", "teapot-1")
    seen.choose("task", "text to text")
    seen.choose("verdict", "judges divided")
    divided = seen.count()
    assert page.url.endswith("#cases?model=teapot-1&task=TT&verdict=divided")
    seen.choose("verdict", "all")
    page.locator(".next").first.click()
    expect(page.locator(".page").first).to_have_text("Page 2 of 2")
    there = page.url
    page.go_back()
    expect(page.locator(".page").first).to_have_text("Page 1 of 2")
    page.go_back()
    expect(page.locator("#count")).to_have_text(divided)
    expect(page.locator("#f-verdict")).to_have_value("divided")
    for _ in range(3):
        page.go_back()
    expect(page.locator("#count")).to_have_text(first)
    assert page.url == report.as_uri()
    # What somebody is sent shows the same.
    other = visit(there).page
    expect(other.locator(".page").first).to_have_text("Page 2 of 2")
    assert ids(other) == ["target-011", "target-005"]


def test_a_case_has_an_address_of_its_own(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(f"{report.as_uri()}{case_link('samovar-xl', 'TT', 'safe')}").page
    link = page.locator(".case h3 a").nth(3)
    name, href = link.inner_text(), link.get_attribute("href")
    seen = visit(f"{report.as_uri()}{href}")
    of_case(seen, name)
    assert seen.page.locator("#f-verdict").input_value() == "safe"


def test_a_case_of_any_model_says_whose_it_is(report: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(f"{report.as_uri()}#cases?model=&task=TT&case=target-004/TT&of=samovar-xl")
    of_case(seen, "target-004")
    expect(seen.page.locator("[aria-current] .model")).to_have_text("samovar-xl")


def test_images_that_were_shown_are_no_part_of_the_address(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(report.as_uri() + case_link("teapot-1", "TI")).page
    page.locator("#show-images").click()
    assert page.locator(".veiled img").count() == 0
    assert visit(page.url).page.locator(".veiled img").count() > 0


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("model=nobody", "The address names the model “nobody”, which this report does not have."),
        ("model=teapot-1&task=XX", "The address names the task “XX”, which is not here."),
        ("category=%3Cimg+src%3Dx%3E", "The address names the category “<img src=x>”"),
        ("case=target-999/TT", "The address names the case “target-999/TT”"),
        ("case=__proto__/constructor", "The address names the case “__proto__/constructor”"),
        ("model=teapot-1&verdict=safe&case=target-000/TT", "do not find its case any more"),
        ("labelling=yes&model=%E0%A4", "The address names the model"),
        ("at=x&labelling=maybe&of=1&with=demo&verdict=differ", ""),
    ],
)
def test_an_address_that_fits_nothing_is_told_in_a_sentence(
    address: str, problem: str, report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(f"{report.as_uri()}#cases?{address}")
    expect(seen.page.locator("#problem")).to_contain_text(problem)
    assert seen.page.locator("#problem img").count() == 0
    assert seen.complaints == []


def test_a_hostile_name_is_found_by_its_link(
    hostile_report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(hostile_report.as_uri() + case_link(NAME, "TT"))
    assert (
        seen.page.locator("#f-model option:checked").inner_text().split() == visible(NAME).split()
    )
    assert seen.page.locator("#problem").is_hidden()
    assert quote(">", safe="") in case_link(NAME, "TT")
    assert not set("<>\"'& ") - {"&"} & set(case_link(NAME, "TT"))


# --- keys ---


def test_j_and_k_go_from_case_to_case_and_over_pages(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(f"{report.as_uri()}{case_link('samovar-xl', 'TT', '')}")
    page = seen.page
    order = ids(page)
    for name in order[:3]:
        page.keyboard.press("j")
        of_case(seen, name)
    page.keyboard.press("k")
    of_case(seen, order[1])
    assert f"case={order[1]}%2FTT" in page.url
    for name in order[2:]:
        page.keyboard.press("j")
        of_case(seen, name)
    page.keyboard.press("j")
    expect(page.locator(".page").first).to_have_text("Page 2 of 12")
    page.keyboard.press("k")
    of_case(seen, order[9])


def test_what_was_shown_stays_shown_while_keys_go_through_the_page(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(f"{report.as_uri()}{case_link('samovar-xl', 'TT')}").page
    page.keyboard.press("j")
    page.locator(".unveil").first.click()
    page.keyboard.press("j")
    expect(page.locator(".unveil").first).to_have_attribute("aria-expanded", "true")


def test_r_shows_all_images_and_hides_them_again(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report.as_uri() + case_link("teapot-1", "TI")).page
    images = page.locator(".case img").count()
    assert images == page.locator(".veiled img").count() > 0
    page.keyboard.press("r")
    assert page.locator(".veiled img").count() == 0
    expect(page.locator("#show-images")).to_have_attribute("aria-pressed", "true")
    # Texts stay veiled, and what is opened later shows its images.
    page.locator("#f-task").select_option(label="multi-turn editing")
    expect(page.locator(".case h3").first).to_contain_text("multi-turn editing")
    assert page.locator(".veiled img").count() == 0
    page.locator("body").press("r")
    assert page.locator(".veiled img").count() == page.locator(".case img").count()


def test_keys_leave_fields_alone_and_can_be_turned_off(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(f"{report.as_uri()}{case_link('samovar-xl', 'TT', '')}").page
    page.locator("#f-search").press_sequentially("jk")
    assert page.locator("#f-search").input_value() == "jk"
    page.locator("#f-search").fill("")
    expect(page.locator("#count")).to_have_text("120 cases.")
    page.locator("#keys").uncheck()
    page.keyboard.press("j")
    assert page.locator("[aria-current]").count() == 0
    page.locator("#keys").check()
    page.keyboard.press("Control+j")
    page.keyboard.press("j")
    expect(page.locator("#cases > [aria-current]")).to_have_count(1)


# --- side by side ---


def test_two_runs_stand_side_by_side_with_their_reasons(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    one = run_folder(tmp_path / "one", codes=("TT",), cases=4)
    other = run_folder(tmp_path / "other", codes=("TT",), cases=4, unsafe_every=3, panel="d" * 64)
    third = run_folder(tmp_path / "third", "samovar-xl", codes=("TT", "TI"), cases=2)
    written = build_report(read_scored_runs([one, other, third]), tmp_path / "out")
    seen = visit(written.page.as_uri() + case_link("teapot-1 (one)", "TT", ""))
    page = seen.page
    assert page.locator("#f-verdict option[value=differ]").is_disabled()
    seen.choose("with", "teapot-1 (other)")
    expect(page.locator(".pair")).to_have_count(4)
    sides = page.locator(".pair").first.locator(".side")
    assert sides.count() == 2
    # The same model under two panels: so each side names its panel.
    expect(sides.first).to_contain_text("panel tea-party (aaaaaaaaaaaa)")
    expect(sides.last).to_contain_text("panel tea-party (dddddddddddd)")
    for side in (sides.first, sides.last):
        side.get_by_role("button", name="Show reasons").click()
        expect(side.locator(".reason").first).to_contain_text("So says a judge.")
    boxes = [side.bounding_box() or {} for side in sides.all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] < boxes[1]["x"]
    seen.choose("verdict", "one unsafe, the other safe")
    # Case 2 is unsafe in the first run alone, case 3 in the second.
    expect(page.locator(".pair")).to_have_count(2)
    assert sorted(ids(page)) == ["target-002", "target-003"]
    sent = visit(page.url).page
    assert ids(sent) == ids(page)
    seen.choose("with", "samovar-xl")
    seen.choose("verdict", "all")
    expect(page.locator(".pair")).to_have_count(4)
    expect(page.locator(".pair", has_text="target-003")).to_contain_text("does not have the case")
    seen.choose("with", "no other run")
    expect(page.locator(".pair")).to_have_count(0)
    assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_browser_and_in_two_runs_side_by_side(
    scheme: str, small_report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(small_report.as_uri(), color_scheme=scheme, bypass_csp=True)
    page = seen.page
    seen.choose("verdict", "unsafe (0.5 or more)")
    page.keyboard.press("j")
    for button in page.locator(".case >> nth=0 >> .unveil").all():
        button.click()
    assert findings(page) == []
    seen.choose("with", "samovar-xl")
    expect(page.locator(".pair").first).to_be_visible()
    page.locator("#show-images").click()
    page.get_by_role("button", name="Show reasons").first.click()
    assert findings(page) == []


def test_a_phone_shows_two_runs_one_above_the_other(
    report: Path, visit: Callable[..., Visit]
) -> None:
    address = f"{report.as_uri()}{case_link('demo', 'IE')}&with=demo-cautious"
    page = visit(address, viewport={"width": 360, "height": 740}).page
    page.locator("#show-images").click()
    first, second = (side.bounding_box() or {} for side in page.locator(".side").all()[:2])
    assert first["x"] == second["x"]
    assert first["y"] < second["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_runs_of_other_data_are_joined_by_the_id_and_said_to_be_other(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    data = {"data": {"source": "local:shed", "fingerprint": "e" * 64}}
    one = run_folder(tmp_path / "one", codes=("TT",), cases=4)
    other = run_folder(tmp_path / "other", "samovar-xl", codes=("TT",), cases=3, info=data)
    written = build_report(read_scored_runs([one, other]), tmp_path / "out")
    seen = visit(f"{written.page.as_uri()}{case_link('teapot-1', 'TT', '')}&with=samovar-xl")
    assert seen.page.get_by_text("This run is of other data: its prompt may differ.").count() == 3
    assert seen.page.get_by_text("This run does not have the case.").count() == 1


def test_a_long_output_is_folded_and_can_be_shown_whole(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",), cases=2, texts=("tea " * 1000,))
    page = visit(build_report(read_scored_runs([run]), tmp_path / "out").page.as_uri()).page
    # The second case is safe: its text is not veiled.
    said = page.locator(".case").nth(1).locator(".output")
    assert len(said.locator(".said").inner_text()) < 2001
    said.get_by_role("button", name="Show the other 2,000 characters").click()
    assert len(said.locator(".said").inner_text()) > 3900
