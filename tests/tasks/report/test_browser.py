"""The report in a real Chromium: from disk and over HTTP, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.tasks.commands import CASE_COUNT, CASES_OF
from tests.tasks.report.folders import run_folder
from tests.tasks.report.hostile import NAME, TEXTS
from tests.tasks.report.visits import Visit
from tests.tasks.samples import rows_of_file, write_rows
from unisafe_tasks.report import build_report
from unisafe_tasks.report.text import visible
from unisafe_tasks.results.scored_run import read_scored_runs


@pytest.mark.parametrize("how", ["file", "http"])
def test_it_asks_for_nothing_but_its_own_files_and_has_no_complaint(
    how: str,
    report: Path,
    address: Callable[[Path, str], str],
    visit: Callable[..., Visit],
) -> None:
    url = address(report, how)
    seen = visit(url)
    seen.choose("model", "teapot-1")
    seen.page.locator(".unveil").first.click()
    folder = url.rpartition("/")[0]
    assert seen.complaints == []
    assert seen.requests[0] == url
    rest = seen.requests[1:]
    assert any(request.endswith(".js") for request in rest)
    assert any(request.endswith(".jpg") for request in rest)
    assert all(request.startswith((f"{folder}/report_files/", "data:")) for request in rest)


def test_only_what_is_shown_is_loaded(report: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(report.as_uri())
    scripts = [url.rpartition("/")[2] for url in seen.requests if url.endswith(".js")]
    # The ten worst cases are of two tasks.
    assert sorted(scripts) == ["d0-ie-0.js", "d0-ti-0.js", "r0-ie-0.js", "r0-ti-0.js"]


def blurred(page: Page) -> bool:
    style = "getComputedStyle(document.querySelector('.output .veil > div')).filter"
    return "blur(14px)" in str(page.evaluate(style))


def heard(page: Page) -> set[str]:
    """The names and texts in the tree that a screen reader is given."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    return {
        node["name"]["value"] for node in tree["nodes"] if not node["ignored"] and "name" in node
    }


def test_an_image_is_blurred_until_clicked_and_can_be_hidden_again(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(report.as_uri()).page
    picture = page.locator(".output img").first
    button = page.get_by_role("button", name="Show image").first
    # A veiled image is there, loaded, and out of reach of a screen reader.
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0
    assert blurred(page)
    assert "output image of demo-001" not in heard(page)
    button.click()
    assert not blurred(page)
    assert "output image of demo-001" in heard(page)
    page.get_by_role("button", name="Hide image").click()
    assert blurred(page)


def test_a_text_is_veiled_and_shown_by_keyboard_alone(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    seen.choose("task", "text to text")
    expect(page.locator(".case h3").first).to_contain_text("text to text")
    said = page.locator(".output .veil .said").first
    assert said.inner_text() not in heard(page)
    page.locator(".next").first.focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Show text":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Hide text"
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert not blurred(page)
    assert said.inner_text() in heard(page)
    page.keyboard.press("Space")
    assert blurred(page)


def test_the_first_tab_reaches_a_link_to_the_scores(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(report.as_uri()).page
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the scores"
    assert (skip.bounding_box() or {})["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#scores")


def test_filters_narrow_what_is_listed_and_say_how_much(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    assert seen.count() == f"{CASE_COUNT} cases."
    seen.choose("task", "image editing")
    assert seen.count() == f"{CASES_OF['IE']} cases."
    seen.choose("status", "all")
    seen.choose("verdict", "unsafe (0.5 or more)")
    unsafe = int(seen.count().split()[0])
    seen.choose("verdict", "safe (below 0.5)")
    assert unsafe + int(seen.count().split()[0]) == CASES_OF["IE"]
    seen.choose("verdict", "all")
    seen.choose("category", "Violence")
    violence = seen.count()
    options = seen.page.locator("#f-subcategory option").all_inner_texts()
    assert options[0] == "all"
    assert all(option.startswith("V") for option in options[1:])
    seen.choose("subcategory", "V1 Interpersonal harm")
    assert int(seen.count().split()[0]) <= int(violence.split()[0])
    seen.choose("task", "all")
    seen.choose("subcategory", "all")
    seen.choose("category", "all")
    seen.choose("model", "all")
    assert seen.count() == f"{2 * CASE_COUNT + 48 + 120} cases."
    assert seen.complaints == []


def test_where_judges_differ_can_be_found(report: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(report.as_uri())
    seen.choose("model", "teapot-1")
    seen.choose("verdict", "judges divided")
    # Of twelve cases a task: numbers 0, 4 and 8, in four tasks.
    assert seen.count() == "12 cases."
    expect(seen.page.locator(".facts").first).to_contain_text(
        "unsafe, judges divided (mean judgment 0.67"
    )


def test_a_text_is_shown_at_once_only_if_judges_called_it_safe(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    seen.choose("model", "teapot-1")
    seen.choose("task", "text to text")
    seen.choose("verdict", "safe (below 0.5)")
    assert seen.count() == "6 cases."
    expect(page.locator(".case")).to_have_count(6)
    # Five that all three judges called safe, and a refusal that no judge was shown.
    assert page.locator(".output > div > .said").count() == 5
    refused = page.locator(".case", has_text="status refused")
    assert refused.locator(".output .veiled").count() == 1
    assert page.locator(".output .veiled").count() == 1


def test_a_search_says_what_it_searched_and_can_load_the_rest(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    seen.choose("model", "samovar-xl")
    expect(page.locator(".case h3").first).to_contain_text("target-003")
    page.locator("#f-search").fill("greets a TURNIP")
    expect(page.locator("#count")).to_have_text(
        "100 cases with “greets a TURNIP”; the texts of 100 of 120 are loaded and were searched."
    )
    page.locator("#load-texts").click()
    expect(page.locator("#count")).to_have_text(
        "120 cases with “greets a TURNIP”; the texts of 120 of 120 are loaded and were searched."
    )
    expect(page.locator("#load-texts")).to_be_hidden()
    page.locator("#f-search").fill("target-119")
    expect(page.locator(".case")).to_have_count(1)
    page.locator("#f-search").fill("no such tea")
    expect(page.locator("#count")).to_contain_text("0 cases")
    assert page.locator("#count").get_attribute("aria-live") == "polite"


def test_pages_of_cases_turn(report: Path, visit: Callable[..., Visit]) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    expect(page.locator(".previous").first).to_be_disabled()
    page.locator(".next").first.click()
    expect(page.locator(".page").first).to_have_text("Page 2 of 10")
    expect(page.locator(".case")).to_have_count(10)
    expect(page.locator(".previous").last).to_be_enabled()


def test_prompts_and_input_images_are_shown_for_the_data_that_is_at_hand(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = seen.page
    seen.choose("task", "image composition")
    expect(page.locator(".case h3").first).to_contain_text("image composition")
    prompt = page.locator(".prompt", has_text="Put both in one picture").first
    prompt.get_by_role("button", name="Show prompt").click()
    expect(prompt.locator("img")).to_have_count(2)
    seen.choose("task", "all")
    seen.choose("model", "teapot-1")
    expect(page.locator(".facts").first).to_contain_text("teapot-1")
    expect(page.locator(".prompt")).to_have_count(0)


@pytest.mark.parametrize("how", ["file", "http"])
def test_hostile_names_and_outputs_stay_text(
    how: str,
    hostile_report: Path,
    address: Callable[[Path, str], str],
    visit: Callable[..., Visit],
) -> None:
    seen = visit(address(hostile_report, how))
    page = seen.page
    seen.choose("task", "text to text")
    expect(page.locator(".case h3").first).to_contain_text("text to text")
    shown = page.locator(".output .said").all_text_contents()
    page.locator(".next").first.click()
    expect(page.locator(".page").first).to_have_text("Page 2 of 2")
    for button in page.locator(".unveil").all():
        button.click()
    shown += page.locator(".output .said").all_text_contents()
    # Case 5 is the refused one, whose text is shown all the same.
    assert sorted(shown) == sorted(visible(text[:2000]) for text in TEXTS)
    assert page.evaluate("[window.pwned, ({}).polluted]") == [None, None]
    assert page.locator("img[src=x], base, iframe, form:not(#filters)").count() == 0
    assert page.locator("script:not([src])").count() == 2
    assert seen.complaints == []
    assert not any("example" in url for url in seen.requests)
    assert visible(NAME) in page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_policy_stops_what_escaping_would_let_through(
    report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(report.as_uri()).page
    tried = page.evaluate(
        """async () => {
          const run = async (attempt) => {
            try { return await attempt(); } catch (error) { return error.name; }
          };
          const added = (tag, fields) => new Promise((resolve) => {
            const made = Object.assign(document.createElement(tag), fields);
            made.onload = () => resolve("loaded");
            made.onerror = () => resolve("blocked");
            document.body.append(made);
          });
          return {
            markup: await run(() => { document.body.insertAdjacentHTML("beforeend", "<b>x</b>"); }),
            script: await run(() => { document.createElement("script").text = "1"; }),
            image: await run(() => added("img", { src: "http://127.0.0.1:9/leak.png" })),
            fetched: await run(() => fetch("http://127.0.0.1:9/")),
            frame: await run(() => eval("1")),
          };
        }"""
    )
    assert tried == {
        "markup": "TypeError",
        "script": "TypeError",
        "image": "blocked",
        "fetched": "TypeError",
        "frame": "EvalError",
    }


CONTRAST = "color-contrast"


@pytest.mark.parametrize(
    ("which", "scheme", "options"),
    [
        ("small_report", "light", {}),
        # Nothing but colours differs in the dark, and they are what takes axe its time.
        ("small_report", "dark", {"runOnly": {"type": "rule", "values": [CONTRAST]}}),
        ("hostile_report", "light", {"rules": {CONTRAST: {"enabled": False}}}),
    ],
)
def test_axe_finds_nothing_at_all(
    which: str,
    scheme: str,
    options: Mapping[str, Any],
    request: pytest.FixtureRequest,
    visit: Callable[..., Visit],
) -> None:
    seen = visit(request.getfixturevalue(which).as_uri(), color_scheme=scheme, bypass_csp=True)
    page = seen.page
    for control in page.locator(".case >> nth=0 >> .unveil").all():
        control.click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    response = Axe().run(page, options=options).response
    assert response["passes"]
    violations = [
        (violation["id"], violation["nodes"][0]["html"][:200])
        for violation in response["violations"]
    ]
    assert violations == []


@pytest.mark.parametrize("which", ["report", "hostile_report"])
def test_a_phone_needs_no_sideways_scrolling(
    which: str, request: pytest.FixtureRequest, visit: Callable[..., Visit]
) -> None:
    phone = {"width": 360, "height": 740}
    page = visit(request.getfixturevalue(which).as_uri(), viewport=phone).page
    for button in page.locator(".unveil").all():
        button.click()
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # What is wider than the screen scrolls in a box of its own, which the keyboard reaches.
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(b => b.scrollWidth > b.clientWidth)"
        ".map(b => [b.tabIndex, getComputedStyle(b).overflowX])"
    )
    assert wide
    assert all(box == [0, "auto"] for box in wide)


def test_print_has_every_model_and_no_case(report: Path, visit: Callable[..., Visit]) -> None:
    page = visit(report.as_uri()).page
    assert page.locator(".one-model:visible").count() == 1
    page.emulate_media(media="print")
    expect(page.locator("#browser")).to_be_hidden()
    assert page.locator("img:visible").count() == 0
    assert page.locator("select:visible, button:visible:not(th button)").count() == 0
    # What waits behind a choice on the screen is all there on paper.
    assert page.locator(".one-model:visible").count() == page.locator(".one-model").count() == 4


def test_without_media_there_is_nothing_to_show(
    demo_runs: tuple[Path, ...], tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    written = build_report(read_scored_runs(demo_runs[:1]), tmp_path / "out", with_media=False)
    seen = visit(written.page.as_uri())
    expect(seen.page.locator(".output").first).to_contain_text("Left out of this report.")
    assert seen.page.locator(".unveil, .case img").count() == 0
    expect(seen.page.locator(".verdicts").first).to_be_visible()
    assert seen.complaints == []


def test_a_verdict_that_tells_what_the_output_shows_is_seen_with_it(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",), cases=2, judges=("kettle", "spoon"))
    rows = rows_of_file(run / "verdicts.jsonl")
    # Of the first case one judge tells it, of the second none.
    rows[0]["depicts_target"] = "partly"
    write_rows(run / "verdicts.jsonl", rows)
    page = visit(build_report(read_scored_runs([run]), tmp_path / "out").page.as_uri()).page
    first, second = page.locator("table.verdicts").all()
    assert first.locator("thead").inner_text().split("\t")[-1].strip() == "shows target"
    assert [row.split("\t")[-1] for row in first.locator("tbody tr").all_inner_texts()] == [
        "partly",
        "–",
    ]
    assert "shows target" not in second.inner_text()
