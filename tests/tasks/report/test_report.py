"""`unisafe report`: what it writes, what it leaves out, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.tasks import run_folders
from tests.tasks.commands import CASE_COUNT, Command
from tests.tasks.report.folders import run_folder
from tests.tasks.report.hostile import NAME, TEXTS
from tests.tasks.samples import noise, picture, rows_of_file, write_rows
from unisafe_tasks import TASKS
from unisafe_tasks.files import PACKAGE, encode_row
from unisafe_tasks.labels.annotations import Annotation
from unisafe_tasks.labels.calibration import build_card
from unisafe_tasks.numerals import percent
from unisafe_tasks.report.case_table import VERDICTS, _letter, build_table
from unisafe_tasks.report.media import SIDE, thumbnail
from unisafe_tasks.report.side_files import OUTPUT_CHARACTERS
from unisafe_tasks.report.text import as_script_string, to_script_json, visible
from unisafe_tasks.results.scored_run import read_scored_run, read_scored_runs
from unisafe_tasks.self_awareness.judged_run import judged_run
from unisafe_tasks.self_awareness.results import SelfAwarenessFolder

RUN = {"cases": 6, "codes": ("TI", "TT")}


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


def words_of(folder: Path) -> str:
    """The page as a person reads it."""
    markup = re.sub(r"<(style|script)\b.*?</\1>", " ", page_of(folder), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def part(folder: Path, name: str) -> list[dict[str, Any]]:
    """What a side file holds."""
    text = (folder / "report_files" / f"{name}.js").read_text("utf-8")
    match = re.fullmatch(rf"unisafePart\('{name}','(.*)'\);\n", text, re.DOTALL)
    assert match
    value: list[dict[str, Any]] = json.loads(re.sub(r"\\(['\\])", r"\1", match.group(1)))
    return value


def change(path: Path, **changes: Any) -> None:
    """Change every row of a file."""
    rows = [row | changes for row in rows_of_file(path)]
    path.write_bytes(b"".join(map(encode_row, rows)))


def change_info(run: Path, **panel: Any) -> None:
    """Change the panel that a run records."""
    info = json.loads((run / "run.json").read_text())
    info["panel"] |= panel
    (run / "run.json").write_text(json.dumps(info))


# --- what it writes ---


def test_one_page_with_the_scores_of_every_run(
    unisafe: Command, demo_runs: tuple[Path, ...], tmp_path: Path
) -> None:
    out = tmp_path / "report"
    done = unisafe("report", *demo_runs, "--out", out)
    assert done.code == 0, done.err
    assert f"2 runs, {CASE_COUNT} cases, 188 images" in done.out
    assert str(out / "report.html") in " ".join(done.out.split())
    words = words_of(out)
    for run in demo_runs:
        for task, summary in read_scored_run(run).metrics["tasks"].items():
            assert f"{100 * summary['attack_success_rate']:.1f}" in words, task
            interval = summary["intervals"]["attack_success_rate"]
            assert f"[{100 * interval['low']:.1f}, {100 * interval['high']:.1f}]" in words, task
    assert "Demo data: these are not UniSAFE results" in words
    assert "over-refusal is measured on the benign set" in words.lower()


def test_everything_it_shows_at_first_is_in_the_page(tmp_path: Path, unisafe: Command) -> None:
    out = tmp_path / "report"
    unisafe("report", run_folder(tmp_path / "run", **RUN), "--out", out)
    page = page_of(out)
    assert not re.search(r"<(?:script|img|iframe|object|embed|audio|video)[^>]*\ssrc=", page)
    assert re.findall(r"<link [^>]*href=\"([^:\"]+):", page) == ["data"]
    assert not re.search(r"@import|url\(", page)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_policy_names_the_hashes_of_what_is_there_and_nothing_unsafe(
    tmp_path: Path, unisafe: Command
) -> None:
    out = tmp_path / "report"
    unisafe("report", run_folder(tmp_path / "run", **RUN), "--out", out)
    page = page_of(out)
    policies = [
        html.unescape(policy)
        for policy in re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    ]
    assert len(policies) == 2
    assert policies[0].startswith("default-src 'none';")
    assert not any("unsafe" in policy or "*" in policy or "http" in policy for policy in policies)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    for directive, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policies[0]
    assert "script-src 'sha256-" in policies[1]
    assert policies[1].endswith("'strict-dynamic'")
    assert " style=" not in page
    assert not re.search(r"<[^>]* on[a-z]+=", page)


def test_runs_of_different_panels_stand_apart_with_the_reason(
    tmp_path: Path, unisafe: Command
) -> None:
    runs = [
        run_folder(tmp_path / "one", "teapot-1", **RUN),
        run_folder(tmp_path / "two", "samovar-xl", panel="d" * 64, **RUN),
    ]
    done = unisafe("report", *runs, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    words = words_of(tmp_path / "report")
    assert "These runs differ in panels: their numbers must not be compared" in words
    assert "Group 1: panel tea-party (aaaaaaaaaaaa)" in words
    assert "Group 2: panel tea-party (dddddddddddd)" in words
    tables = re.findall(
        r"<caption>Attack success rate \(ASR\).*?</table>", page_of(tmp_path / "report"), re.DOTALL
    )
    # Each block has a table at the head of the page, and one with all intervals.
    assert len(tables) == 4
    assert not any("teapot-1" in table and "samovar-xl" in table for table in tables)


def test_a_score_below_the_threshold_is_marked_wherever_it_stands(
    tmp_path: Path, unisafe: Command
) -> None:
    run = run_folder(tmp_path / "run", cases=10, codes=("TT",))
    rows = rows_of_file(run / "predictions.jsonl")
    rows[0] |= {"status": "failed", "output_text": None}
    write_rows(run / "predictions.jsonl", rows)
    verdicts = [row for row in rows_of_file(run / "verdicts.jsonl") if row["id"] != rows[0]["id"]]
    write_rows(run / "verdicts.jsonl", verdicts)
    value = read_scored_run(run).metrics["tasks"]["unisafe_t2t"]["attack_success_rate"]
    unisafe("report", run, "--out", tmp_path / "strict")
    unisafe("report", run, "--out", tmp_path / "lax", "--min-coverage", "0.9")
    strict, lax = words_of(tmp_path / "strict"), words_of(tmp_path / "lax")
    assert re.findall(rf"{100 * value:.1f}\b", strict)
    assert not re.findall(rf"{100 * value:.1f}(?!(?: %)? ?†)", strict)
    assert "90.0 †" in strict
    assert "fewer than 95 % of the cases are scored." in strict
    assert f"{100 * value:.1f} †" not in lax


def test_two_runs_of_one_model_can_be_told_apart(tmp_path: Path, unisafe: Command) -> None:
    runs = [run_folder(tmp_path / name, "teapot-1", **RUN) for name in ("morning", "evening")]
    unisafe("report", *runs, "--out", tmp_path / "report")
    words = words_of(tmp_path / "report")
    assert "teapot-1 (morning)" in words
    assert "teapot-1 (evening)" in words


def test_the_safety_stack_of_each_run_stands_in_the_page(tmp_path: Path, unisafe: Command) -> None:
    for name, checker in (("one", "none"), ("two", "<b>Checker</b>")):
        stack = {"safety_checker": checker, "steps": 50}
        run_folder(tmp_path / name, **RUN, info={"stack": stack})
    run_folder(tmp_path / "three", "kettle-2", **RUN)
    out = tmp_path / "report"
    runs = [tmp_path / name for name in ("one", "two", "three")]
    assert unisafe("report", *runs, "--out", out).code == 0
    page = page_of(out)
    assert page.count("<caption>The safety stack that is measured with the model</caption>") == 2
    assert "<bdi>&lt;b&gt;Checker&lt;/b&gt;</bdi>" in page
    assert "teapot-1 was run with different safety stacks" in page


def test_refusals_of_a_safety_checker_and_unchanged_outputs_stand_apart(
    tmp_path: Path, unisafe: Command
) -> None:
    run, out = run_folder(tmp_path / "run", **RUN), tmp_path / "report"
    rows = rows_of_file(run / "predictions.jsonl")
    drawn = [row for row in rows if row["scenario_type"] == "TI" and row["status"] == "ok"]
    drawn[0] |= {"status": "refused", "refusal_source": "safety_checker"}
    drawn[1]["unchanged"] = True
    (run / "predictions.jsonl").write_bytes(b"".join(map(encode_row, rows)))
    assert unisafe("report", run, "--out", out).code == 0
    words = words_of(out)
    assert "held back by a safety checker the input image, unchanged TI 1 1 TT 0 0" in words
    assert re.search(r"unisafe_t2i: 1 of \d refusals are of a safety checker", words)


def kinds_of(table: dict[str, Any], run: int, code: str) -> list[tuple[int, int]]:
    """The places of each case's status and verdict."""
    return [table["kinds"][table["letters"].index(one)] for one in table["outcomes"][run][code]]


def test_the_letters_of_the_case_table_say_what_the_metrics_count(
    demo_runs: tuple[Path, ...],
) -> None:
    results = read_scored_runs(demo_runs)
    table = build_table(results).as_json()
    assert len(table["data"]) == 1
    for run, result in enumerate(results):
        for name, summary in result.metrics["tasks"].items():
            code = {"unisafe_t2i": "TI", "unisafe_i2i": "IE", "unisafe_t2t": "TT"}.get(name)
            if code is None:
                continue
            kinds = kinds_of(table, run, code)
            statuses = Counter(table["statuses"][status] for status, _ in kinds)
            assert dict(statuses) == summary["statuses"]
            assert sum(verdict != 0 for _, verdict in kinds) == summary["scored"]


def test_divided_judges_are_seen_whatever_the_ensemble_makes_of_them(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", cases=2, codes=("TT",))
    change_info(run, ensemble="majority")
    table = build_table([read_scored_run(run)]).as_json()
    # The first is unsafe to two of three judges, the second safe to all.
    verdicts = [VERDICTS[verdict] for _, verdict in kinds_of(table, 0, "TT")]
    assert verdicts == ["unsafe, judges divided", "safe"]


def test_the_worst_outcome_comes_first_and_what_was_not_scored_last(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", cases=12, codes=("TT",), unsafe_every=3)
    rows = rows_of_file(run / "predictions.jsonl")
    rows[1] |= {"status": "failed", "output_text": None}
    write_rows(run / "predictions.jsonl", rows)
    verdicts = [row for row in rows_of_file(run / "verdicts.jsonl") if row["id"] != rows[1]["id"]]
    # Everybody calls cases 3, 6 and 9 non-compliant; of case 9 all say that the risk is moderate.
    verdicts = [
        row | ({"risk_rating": 2} if row["id"] == rows[9]["id"] else {}) for row in verdicts
    ]
    write_rows(run / "verdicts.jsonl", verdicts)
    table = build_table([read_scored_run(run)]).as_json()
    letters = table["outcomes"][0]["TT"]
    order = sorted(range(12), key=lambda number: table["letters"].index(letters[number]))
    # Of case 0 one of three judges says that it is compliant. Case 5 is refused, case 1 failed.
    assert order[:4] == [3, 6, 9, 0]
    assert order[-2:] == [5, 1]


@given(st.integers(0, 20_000))
def test_every_outcome_has_a_letter_of_its_own_of_one_character(number: int) -> None:
    letter = _letter(number)
    assert len(letter.encode("utf-16-le")) == 2
    assert letter != "."
    assert letter.isalnum()
    assert letter != _letter(number + 1)


def test_long_outputs_are_cut_and_the_page_says_so(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", cases=1, codes=("TT",), texts=("tea " * 6000,))
    unisafe("report", run, "--out", tmp_path / "report")
    (shown,) = part(tmp_path / "report", "r0-tt-0")
    assert shown["text"] == [("tea " * 5000), 4000]
    assert "Outputs are cut after 20,000 characters" in words_of(tmp_path / "report")


def test_a_side_file_holds_a_hundred_cases_at_most(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", cases=101, codes=("TT",))
    unisafe("report", run, "--out", tmp_path / "report")
    assert [entry["case"] for entry in part(tmp_path / "report", "r0-tt-0")] == list(range(100))
    assert [entry["case"] for entry in part(tmp_path / "report", "r0-tt-1")] == [100]


# --- prompts ---


def test_prompts_are_written_once_for_all_models_on_the_same_data(
    unisafe: Command, demo_runs: tuple[Path, ...], tmp_path: Path
) -> None:
    unisafe("report", *demo_runs, "--out", tmp_path / "report")
    names = {path.name for path in (tmp_path / "report" / "report_files").glob("d*.js")}
    assert names == {f"d0-{code}-0.js" for code in ("ti", "ie", "ic", "mt", "tt", "it", "mu")}
    first = part(tmp_path / "report", "d0-mt-0")[0]
    assert first["turns"][0] == ["Draw a carrot.", 0]
    assert first["target"] == ["A carrot shakes its fist at a turnip.", 0]


def test_prompts_of_other_data_are_never_shown(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", **RUN)
    unisafe("report", run, "--out", tmp_path / "report", "--data", "demo")
    assert not list((tmp_path / "report" / "report_files").glob("d*.js"))
    assert "Prompts are not shown for runs whose data were not at hand" in words_of(
        tmp_path / "report"
    )


# --- what is hostile ---


def test_nothing_of_a_hostile_run_is_markup_in_the_page_or_code_in_a_side_file(
    tmp_path: Path, unisafe: Command, hostile_run: Path
) -> None:
    done = unisafe("report", hostile_run, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    out = tmp_path / "report"
    page = page_of(out)
    assert page.count("<script") == 2
    assert "<img" not in page.replace("&lt;img", "")
    assert visible(NAME) in html.unescape(page)
    texts = [entry["text"][0] for entry in part(out, "r0-tt-0")]
    assert sorted(texts) == sorted(visible(text[:OUTPUT_CHARACTERS]) for text in TEXTS)
    for path in (out / "report_files").glob("*.js"):
        assert re.fullmatch(r"r0-[a-z]{2}-[0-9]\.js", path.name)
        assert not set("<>&\u2028\u202e\x00\x1b") & set(path.read_text("utf-8"))


ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)


@given(ANY_TEXT)
def test_any_text_arrives_as_itself_through_json_in_a_script(text: str) -> None:
    encoded = to_script_json([text])
    assert json.loads(encoded) == [text]
    assert not set("<>&\u2028\u2029") & set(encoded)
    quoted = as_script_string(encoded)
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\['\\])*'", quoted)


@given(ANY_TEXT)
def test_visible_text_can_be_written_and_hides_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", shown)


@pytest.mark.parametrize(
    "kept",
    [
        "Grüße",
        "\u05e9\u05dc\u05d5\u05dd",  # Hebrew
        "\u0645\u06cc\u200c\u062e",  # Persian with a non-joiner
        "\U0001f469\u200d\U0001f680",  # an emoji of two, joined
        "e\u0301",
        "a\tb\nc",
    ],
)
def test_what_people_write_stays_as_it_is(kept: str) -> None:
    assert visible(kept) == kept


SECRET = "sk-SENTINELreport-SENTINELreport-42"


def test_credentials_that_an_old_run_folder_holds_stay_there(
    tmp_path: Path, unisafe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    run = run_folder(
        tmp_path / "run",
        f"teapot-{SECRET}",
        judges=(f"kettle {SECRET}", "spoon"),
        places=(("Violence", "V1"), (f"Hate {SECRET}", f"H1 {SECRET}")),
        ids=f"target-{SECRET}-",
        info={"data": {"source": f"local:{SECRET}", "fingerprint": "e" * 64}},
        **RUN,
    )
    padding = "x" * 290
    change(run / "predictions.jsonl", error=f"{padding} {SECRET} and password=carrot")
    rows = rows_of_file(run / "verdicts.jsonl")
    rows[0] |= {"judgment": None, "risk_rating": None, "refusal": None, "failure": SECRET}
    write_rows(run / "verdicts.jsonl", rows)
    done = unisafe("report", run, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    assert part(tmp_path / "report", "r0-tt-0")[0]["error"][0] == f"{padding} [redacted"
    assert "teapot-[redacted]" in words_of(tmp_path / "report")
    for path in (tmp_path / "report").rglob("*"):
        if path.is_file():
            # Not even its beginning, where a text is cut.
            assert b"sk-SENTINEL" not in path.read_bytes(), path


# --- images ---


def only_image(run: Path) -> Path:
    (path,) = (run / "images").iterdir()
    return path


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A run of one case with one image."""
    return run_folder(tmp_path / "run", cases=1, codes=("TI",))


def test_images_are_small_jpegs_of_our_own(tmp_path: Path) -> None:
    buffer = BytesIO()
    secret = Image.Exif()
    secret[0x010E] = "the gardener's address"
    Image.new("RGB", (1400, 900), "teal").save(buffer, "JPEG", exif=secret, comment=b"secret")
    made = thumbnail(buffer.getvalue())
    image = Image.open(BytesIO(made))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (SIDE, 329))
    assert b"secret" not in made
    assert b"gardener" not in made
    assert not image.getexif()
    assert Image.open(BytesIO(thumbnail(picture("teal", (30, 20))))).size == (30, 20)


def test_an_image_is_there_once_by_its_content(tmp_path: Path, unisafe: Command) -> None:
    runs = [run_folder(tmp_path / name, name, cases=3, codes=("TI",)) for name in "ab"]
    unisafe("report", *runs, "--out", tmp_path / "report")
    media = {path.name for path in (tmp_path / "report" / "report_files" / "media").iterdir()}
    hashes = [row["image_sha256"][0] for row in rows_of_file(runs[0] / "predictions.jsonl")]
    assert media == {f"{digest[:32]}.jpg" for digest in hashes}


NO_NAMES = {"nul": "images/\x00.png", "half": "images/\ud800.png", "long": "x" * 9000, "number": 7}


@pytest.mark.parametrize(
    "how", ["other", "text", "gone", "outside", "link", "loop", "no hash", *NO_NAMES]
)
def test_an_image_that_is_not_the_judged_one_is_left_out_and_counted(
    how: str, drawn: Path, tmp_path: Path, unisafe: Command
) -> None:
    path = only_image(drawn)
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.write_bytes(path.read_bytes())
    if how == "other":
        path.write_bytes(noise(9))
    elif how == "text":
        path.write_text("<svg onload=alert(1)>")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        change(drawn / "predictions.jsonl", image_sha256=[digest])
    elif how == "gone":
        path.unlink()
    elif how == "outside":
        change(drawn / "predictions.jsonl", output_image="../elsewhere.png")
    elif how == "link":
        path.unlink()
        path.symlink_to(elsewhere)
    elif how == "loop":
        path.unlink()
        path.symlink_to(path)
    elif how in NO_NAMES:
        change(drawn / "predictions.jsonl", output_image=NO_NAMES[how])
    else:
        change(drawn / "predictions.jsonl", image_sha256=["../../../escape"])
    done = unisafe("report", drawn, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    assert "0 images (1 could not be shown)" in done.out
    assert not list((tmp_path / "report" / "report_files" / "media").iterdir())
    assert part(tmp_path / "report", "r0-ti-0")[0]["images"] == [None]


def test_without_media_no_image_and_no_word_of_anybody_is_written(
    tmp_path: Path, unisafe: Command
) -> None:
    secret = "Marrow sonata"
    run = run_folder(tmp_path / "run", cases=3, codes=("TI", "TT"), texts=(secret,))
    change(run / "predictions.jsonl", error=secret)
    unisafe("report", run, "--out", tmp_path / "with")
    done = unisafe("report", run, "--out", tmp_path / "without", "--no-media", "--data", "demo")
    assert done.code == 0, done.err
    assert "0 images" in done.out

    def everything(folder: Path) -> str:
        return "".join(path.read_text("latin-1") for path in folder.rglob("*") if path.is_file())

    assert secret in everything(tmp_path / "with")
    assert secret not in everything(tmp_path / "without")
    assert not list((tmp_path / "without").rglob("*.jpg"))
    assert part(tmp_path / "without", "r0-tt-0")[0]["verdicts"][0][:4] == [0, 1, 3, False]
    assert "were left out of this report" in words_of(tmp_path / "without")


# --- the folder ---


def test_a_report_takes_the_place_of_an_earlier_one_and_leaves_nothing_of_it(
    tmp_path: Path, unisafe: Command
) -> None:
    out = tmp_path / "report"
    old = run_folder(tmp_path / "old", "old", cases=9, codes=("TI", "MT", "TT"))
    unisafe("report", old, "--out", out)
    new = run_folder(tmp_path / "new", "new", cases=2, codes=("TI",))
    unisafe("report", new, "--out", out)
    files = out / "report_files"
    assert [path.name for path in files.glob("*.js")] == ["r0-ti-0.js"]
    assert len(list((files / "media").iterdir())) == 2
    (files / "media" / "my-teapot.jpg").write_bytes(b"not of a report")
    unisafe("report", new, "--out", out, "--no-media")
    assert [path.name for path in (files / "media").iterdir()] == ["my-teapot.jpg"]


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", **RUN)
    done = unisafe("report", run, "--out", run)
    assert done.code == 1
    assert "is not empty and holds no earlier report: name another folder" in done.err
    assert not (run / "report.html").exists()


def test_a_run_that_was_not_judged_is_refused_with_what_to_do(
    tmp_path: Path, unisafe: Command
) -> None:
    run = run_folder(tmp_path / "run", **RUN, info={"panel": None})
    (run / "verdicts.jsonl").unlink()
    done = unisafe("report", run, "--out", tmp_path / "report")
    assert done.code == 1
    assert "was not judged: run unisafe judge" in done.err


def test_a_run_without_any_case_is_one_sentence(tmp_path: Path, unisafe: Command) -> None:
    run = run_folders.judged_run(tmp_path / "run", {})
    done = unisafe("report", run, "--out", tmp_path / "out")
    assert done.code == 1
    assert "run has no task with an output: there is nothing to show" in done.err


def test_a_damaged_run_is_named_with_file_and_line(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", **RUN)
    with (run / "verdicts.jsonl").open("a") as file:
        file.write("{half\n")
    lines = len((run / "verdicts.jsonl").read_text().splitlines())
    done = unisafe("report", run, "--out", tmp_path / "report")
    assert done.code == 1
    assert f"verdicts.jsonl, line {lines}: not valid JSON" in " ".join(done.err.split())


# --- judges ---


def test_agreement_stands_in_the_page_as_the_metrics_have_it(
    tmp_path: Path, unisafe: Command
) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",))
    unisafe("report", run, "--out", tmp_path / "report")
    agreement = read_scored_run(run).metrics["tasks"]["unisafe_t2t"]["agreement"]
    words = words_of(tmp_path / "report")
    assert f"{agreement['judgment_alpha']['value']:.3f}" in words
    for pair in agreement["pairs"]:
        both = " and ".join(pair["judges"])
        assert f"{both} TT {pair['cases']} {pair['raw']:.3f}" in words


def test_a_models_own_judgments_stand_with_its_scores(
    tmp_path: Path,
    unisafe: Command,
    demo_runs: tuple[Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNISAFE_SELF_RUN", str(demo_runs[0]))
    judged = judged_run()
    folder = tmp_path / "self"
    folder.mkdir()
    documents = judged.documents_of(TASKS["TT"])
    # The model calls everything unsafe: full recall, and full false alarm.
    rows = [{**document, "judgment": 1, "failure": None} for document in documents]
    written = SelfAwarenessFolder(folder, judged, "demo", {})
    written.finish_task("unisafe_t2t", rows, len(rows))
    done = unisafe("report", *demo_runs, folder, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    words = words_of(tmp_path / "report")
    assert "Self-awareness score (SAS) ↑, our definition model TI IE" in words
    assert re.search(r"demo (?:– ){4}50\.0 \[\S+ \S+\] – –", words)


def card_of(run: Path, tmp_path: Path) -> Path:
    """A judge card by one person who agrees with the panel on every output but the first."""
    labels = [
        Annotation(
            row["id"],
            row["scenario_type"],
            "teapot-1",
            row["output_sha256"],
            "ada",
            int((number % 2 == 0) != (number == 0)),
            1,
            False,
        )
        for number, row in enumerate(rows_of_file(run / "predictions.jsonl"))
    ]
    path = tmp_path / "card.json"
    path.write_text(json.dumps(build_card(read_scored_runs([run]), labels)))
    return path


def test_a_judge_card_is_shown_with_its_figures_and_notes(tmp_path: Path, unisafe: Command) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",))
    card = card_of(run, tmp_path)
    done = unisafe("report", run, "--out", tmp_path / "report", "--card", card)
    assert done.code == 0, done.err
    words = words_of(tmp_path / "report")
    assert "Judge card of panel tea-party (aaaaaaaaaaaa)" in words
    figures = json.loads(card.read_text())
    ensemble = figures["ensemble"]
    assert ensemble["false_positives"] == 1
    counts = [ensemble[name] for name in ("true_positives", "false_positives", "false_negatives")]
    assert f"ensemble {' '.join(map(str, counts))}" in words
    assert f"{ensemble['recall']['value']:.3f}" in words
    assert percent(figures["corrected"][0]["prediction_powered"]["value"]) in words
    assert all(note in words for note in figures["notes"])


def test_what_is_refused_leaves_the_earlier_report_as_it_was(
    tmp_path: Path, unisafe: Command
) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",))
    other = run_folder(tmp_path / "other", codes=("TT",), panel="d" * 64)
    out = tmp_path / "report"
    unisafe("report", other, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    done = unisafe("report", other, "--out", out, "--card", card_of(run, tmp_path))
    assert done.code == 1
    assert "belongs to none of these runs: they have other panels" in done.err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_data_that_cannot_be_had_leaves_the_prompts_out_or_is_an_error_if_asked_for(
    tmp_path: Path, unisafe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_folder(tmp_path / "run", codes=("TT",))
    monkeypatch.setenv("UNISAFE_DATA", str(tmp_path / "nowhere.jsonl"))
    done = unisafe("report", run, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    assert "The report has no prompts and input images: " in done.err
    done = unisafe("report", run, "--out", tmp_path / "report", "--data", tmp_path / "no.jsonl")
    assert done.code == 1
    assert "no.jsonl" in done.err


# --- colours ---


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_value_in_a_heat_map_can_be_read_on_its_shade() -> None:
    css = (PACKAGE / "report" / "theme.css").read_text()
    schemes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for step in range(11):
            ink = colour["on-dark" if step >= 7 else "on-light"]
            assert contrast(colour[f"h{step}"], ink) >= 4.5, (step, colour[f"h{step}"])
