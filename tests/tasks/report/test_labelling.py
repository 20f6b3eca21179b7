"""People label in the report: blind, in a random order, and what they download is read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.tasks.commands import Command, rows_by_case
from tests.tasks.report.visits import Visit, findings
from tests.tasks.samples import rows_of_file
from unisafe_tasks.data.sources import Source
from unisafe_tasks.labels.annotations import Annotation, read_annotations
from unisafe_tasks.report import build_report
from unisafe_tasks.report.case_links import LABELLING
from unisafe_tasks.results.scored_run import read_scored_runs

Runs = tuple[Path, ...]

VALUES = {
    "Fail: high risk": (1, 3, False),
    "Fail: moderate risk": (1, 2, False),
    "Pass: it is compliant": (0, 1, False),
    "Pass: it declines": (0, 0, True),
}
"""What each choice is as a verdict: judgment, rating and refusal."""


def labelling(seen: Visit, task: str = "text to text") -> Page:
    """The page while people label outputs of one task."""
    seen.page.locator("#start-labelling").click()
    seen.choose("task", task)
    expect(seen.page.locator(".case h3")).to_contain_text(task)
    return seen.page


def choose(page: Page, words: str) -> None:
    page.get_by_role("radio", name=words).check()


def download(page: Page, folder: Path) -> Path:
    with page.expect_download() as started:
        page.locator("#download").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def step(page: Page) -> str:
    """Go to the next output; returns the heading that was there."""
    before = page.locator(".case h3").inner_text()
    page.keyboard.press("j")
    expect(page.locator(".case h3")).not_to_have_text(before)
    return before


def test_nothing_tells_the_verdicts_or_the_model_of_an_output_that_is_not_labelled(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri() + LABELLING)
    page = seen.page
    for name in ("status", "verdict", "search", "with"):
        expect(page.locator(f"#f-{name}")).to_be_hidden()
    expect(page.locator("#scores")).to_be_hidden()
    for _ in range(5):
        case = page.locator(".case").inner_text() + page.locator(".case").inner_html()
        for secret in ("demo-cautious", "reference", "judgment", "rating", "unsafe", "Verdicts"):
            assert secret not in case
        step(page)
    assert "model=demo" not in page.url
    assert seen.complaints == []


def test_the_order_goes_over_all_strata_and_says_nothing_of_the_verdicts(
    report: Path, visit: Callable[..., Visit], demo_runs: Runs
) -> None:
    page = labelling(visit(report.as_uri()))
    order = [step(page).split(" · ")[0] for _ in range(20)]
    again = labelling(visit(report.as_uri()))
    assert [step(again).split(" · ")[0] for _ in range(20)] == order
    rows = rows_by_case(demo_runs[0] / "predictions.jsonl")
    places = [rows[name, "TT"]["subcategory"] for name in order]
    # Each model gives one output of each subcategory before any gives a second.
    first = [places[:at].count(place) for at, place in enumerate(places)]
    assert max(first[: len(set(places))]) < 2
    assert order != sorted(order)


def test_labels_are_downloaded_with_their_outputs_and_calibrate_reads_them(
    report: Path,
    visit: Callable[..., Visit],
    demo_runs: Runs,
    tmp_path: Path,
    unisafe: Command,
) -> None:
    page = labelling(visit(report.as_uri()))
    expect(page.locator("#download")).to_be_disabled()
    page.locator("#annotator").fill("Ada L.")
    given = {}
    for words in VALUES:
        choose(page, words)
        page.locator(".note textarea").fill(f'"{words}", <b>so</b> =1+1')
        page.locator(".note textarea").blur()
        given[step(page).split(" · ")[0]] = words
    expect(page.locator("#labelled")).to_contain_text("4 labels. They stay in this browser")
    file = download(page, tmp_path)
    assert file.name == "labels-Ada_L_.jsonl"
    rows = rows_of_file(file)
    assert [list(row) for row in rows] == [[field.name for field in fields(Annotation)]] * 4
    by_model = {run.name: rows_by_case(run / "predictions.jsonl") for run in demo_runs}
    for row in rows:
        output = by_model[row["model"]][row["id"], row["scenario_type"]]
        assert row["output_sha256"] == output["output_sha256"]
        words = given[row["id"]]
        assert (row["judgment"], row["risk_rating"], row["refusal"]) == VALUES[words]
        assert (row["annotator"], row["note"]) == ("Ada L.", f'"{words}", <b>so</b> =1+1')
    assert len(read_annotations(file)) == 4
    done = unisafe("calibrate", *demo_runs, "--labels", file, "--out", tmp_path / "card")
    assert done.code == 0, done.err
    (card,) = (tmp_path / "card").iterdir()
    assert json.loads(card.read_text())["counts"]["labels"] == 4


def test_the_verdicts_are_shown_once_the_label_is_kept_and_then_it_stays(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = labelling(seen)
    expect(page.locator(".after")).to_have_text(
        "The judges' verdicts are hidden until you have labelled it."
    )
    choose(page, "Fail: high risk")
    assert page.locator(".verdicts").count() == 0
    choose(page, "Fail: moderate risk")
    page.get_by_role("button", name="Keep it, and show the judges' verdicts").click()
    expect(page.locator(".verdicts")).to_be_visible()
    expect(page.get_by_role("radio", name="Fail: moderate risk")).to_be_checked()
    assert page.get_by_role("radio", disabled=True).count() == 4
    heading = step(page)
    page.keyboard.press("k")
    expect(page.locator(".case h3")).to_have_text(heading)
    assert page.get_by_role("radio", disabled=True).count() == 4
    page.locator("#stop-labelling").click()
    page.locator("#f-search").fill(heading.split(" · ")[0])
    facts = page.locator(".facts", has_text="your label: Fail: moderate risk")
    seen.choose("model", "all")
    expect(facts).to_have_count(1)


def test_a_label_can_be_removed_until_then(report: Path, visit: Callable[..., Visit]) -> None:
    page = labelling(visit(report.as_uri()))
    choose(page, "Fail: high risk")
    page.get_by_role("button", name="Remove this label").click()
    expect(page.locator("#labelled")).to_contain_text("0 labels.")
    assert page.locator("input[type=radio]:checked").count() == 0


@pytest.mark.parametrize("how", ["file", "http"])
def test_labels_survive_a_reload_and_the_next_without_one_is_found(
    how: str,
    report: Path,
    address: Callable[[Path, str], str],
    visit: Callable[..., Visit],
) -> None:
    seen = visit(address(report, how))
    page = labelling(seen)
    page.locator("#annotator").fill("bo")
    choose(page, "Fail: high risk")
    labelled = step(page)
    page.keyboard.press("k")
    page.reload()
    expect(page.locator(".case h3")).to_have_text(labelled)
    expect(page.locator("#annotator")).to_have_value("bo")
    expect(page.get_by_role("radio", name="Fail: high risk")).to_be_checked()
    page.locator("#unlabelled").click()
    expect(page.locator("#count")).to_contain_text("Output 2 of")
    page.locator("#stop-labelling").click()
    expect(page.locator("#scores")).to_be_visible()
    folder = page.url.partition("#")[0].rpartition("/")[0]
    assert all(url.startswith((folder, "data:", "blob:")) for url in seen.requests)
    assert seen.complaints == []


def test_a_label_of_another_output_leaves_the_case_without_one(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    page = labelling(seen)
    step(page)
    choose(page, "Fail: high risk")
    page.evaluate(
        """() => {
          const start = "unisafe label ";
          const name = Object.keys(localStorage).find((one) => one.startsWith(start));
          const key = JSON.parse(name.slice(start.length));
          key[4] = "0".repeat(64);
          localStorage.setItem(start + JSON.stringify(key), localStorage.getItem(name));
          localStorage.removeItem(name);
        }"""
    )
    page.reload()
    expect(page.locator("#count")).to_contain_text("Output 2 of")
    assert page.locator("input[type=radio]:checked").count() == 0
    page.keyboard.press("k")
    expect(page.locator("#count")).to_contain_text("Output 1 of")
    page.locator("#unlabelled").click()
    expect(page.locator("#count")).to_contain_text("Output 2 of")


def test_a_report_on_one_model_does_not_name_it_while_people_label(
    demo_runs: Runs, demo_source: Source, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    page = build_report(read_scored_runs(demo_runs[:1]), tmp_path / "one", source=demo_source).page
    seen = visit(page.as_uri())
    title = seen.page.title()
    assert title.startswith("Safety report: demo")
    labelling(seen)
    assert seen.page.title() == "Label outputs"
    assert "demo" not in seen.page.locator("header").inner_text()
    expect(seen.page.locator("#f-model")).to_be_hidden()
    seen.page.locator("#stop-labelling").click()
    expect(seen.page.locator("h1")).to_have_text(title)


def test_a_browser_that_keeps_nothing_says_so_and_labels_all_the_same(
    report: Path, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    seen = visit(report.as_uri())
    seen.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
    )
    seen.page.reload()
    page = labelling(seen)
    choose(page, "Fail: high risk")
    expect(page.locator("#labelled")).to_have_text(
        "1 label. This browser does not keep them: download them before you leave this page."
    )
    assert len(rows_of_file(download(page, tmp_path))) == 1


def test_what_others_left_in_the_browser_is_not_taken_for_a_label(
    report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri())
    seen.page.evaluate(
        """() => {
          const label = JSON.stringify({ choice: "high", note: "" });
          localStorage.setItem("unisafe label {half", label);
          localStorage.setItem("unisafe label [1, 2, 3, 4, 5]", label);
          localStorage.setItem('unisafe label ["x", "TT", "demo-001", "demo", "y"]', label);
          localStorage.setItem("unisafe label null", '{"choice": "constructor", "note": ""}');
          localStorage.setItem("another page", "its own");
        }"""
    )
    seen.page.reload()
    page = labelling(seen)
    expect(page.locator("#labelled")).to_contain_text("0 labels.")
    assert page.evaluate("localStorage.getItem('another page')") == "its own"
    assert seen.complaints == []


def test_a_report_without_prompts_cannot_be_labelled_and_says_why(
    hostile_report: Path, visit: Callable[..., Visit]
) -> None:
    page = visit(hostile_report.as_uri() + LABELLING).page
    expect(page.locator("#problem")).to_contain_text("it was made without prompts")
    expect(page.locator("#start-labelling")).to_be_hidden()
    expect(page.locator("#scores")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_people_label(
    scheme: str, report: Path, visit: Callable[..., Visit]
) -> None:
    seen = visit(report.as_uri(), color_scheme=scheme, bypass_csp=True)
    page = labelling(seen, "image composition")
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.locator("#show-images").click()
    choose(page, "Fail: high risk")
    assert findings(page) == []
    page.get_by_role("button", name="Keep it, and show the judges' verdicts").click()
    assert findings(page) == []


def changed(run: Path, into: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """A copy of a run whose rows were changed."""
    into.mkdir()
    for path in run.iterdir():
        if path.is_file():
            (into / path.name).write_bytes(path.read_bytes())
    rows = [change(row) for row in rows_of_file(run / "predictions.jsonl")]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    (into / "predictions.jsonl").write_text(text, "utf-8")
    return into


def test_people_are_shown_the_answer_without_its_thinking_as_judges_are(
    demo_runs: Runs, tmp_path: Path, visit: Callable[..., Visit], demo_source: Source
) -> None:
    def think(row: dict[str, Any]) -> dict[str, Any]:
        text = row["output_text"]
        return row | {"output_text": text and f"<think>I am Carrotron 7.</think>{text}"}

    run = changed(demo_runs[0], tmp_path / "run", think)
    written = build_report(read_scored_runs([run]), tmp_path / "out", source=demo_source)
    page = labelling(visit(written.page.as_uri()))
    assert "Carrotron" not in page.locator(".case").inner_html()
    page.locator("#stop-labelling").click()
    expect(page.locator(".output .said").first).to_contain_text("Carrotron")


def test_an_output_that_is_not_shown_whole_is_not_labelled(
    demo_runs: Runs, tmp_path: Path, visit: Callable[..., Visit], demo_source: Source
) -> None:
    def lengthen(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"output_text": row["output_text"] and "tea " * 6000}

    run = changed(demo_runs[0], tmp_path / "run", lengthen)
    written = build_report(read_scored_runs([run]), tmp_path / "out", source=demo_source)
    page = labelling(visit(written.page.as_uri()))
    expect(page.locator(".case")).to_contain_text("Label it with unisafe label export.")
    assert page.locator("input[type=radio]").count() == 0
