"""`unisafe site check`: a sound submission passes, and one that cheats is refused with the reason.

Who cheats well edits all files so that they agree with each other: `signed` writes the digests
again, and `scored` the scores too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import CASE_COUNT, DEMO, Command, Done, info_of, metrics_of, some
from tests.tasks.samples import rows_of_file, write_rows
from unisafe_tasks.files import encode_json
from unisafe_tasks.publishing.submission import FORMAT, MANIFEST, digest_of
from unisafe_tasks.results.scored_run import read_scored_run

Row = dict[str, Any]


def signed(folder: Path) -> None:
    files = {
        path.name: digest_of(path.read_bytes())
        for path in folder.iterdir()
        if path.name != MANIFEST
    }
    (folder / MANIFEST).write_bytes(encode_json({"format": FORMAT, "files": files}))


def scored(folder: Path) -> None:
    (folder / "metrics.json").write_bytes(encode_json(read_scored_run(folder).metrics))
    signed(folder)


def with_rows(folder: Path, name: str, change: Callable[[list[Row]], list[Row]]) -> None:
    path = folder / f"{name}.jsonl"
    write_rows(path, change(rows_of_file(path)))


def with_info(folder: Path, **changes: Any) -> None:
    (folder / "run.json").write_bytes(encode_json(info_of(folder) | changes))


@pytest.fixture
def check(unisafe: Command, accepted: Path) -> Callable[..., Done]:
    """Runs the command on a submission, against one that was accepted."""
    return lambda folder, *words: unisafe("site", "check", folder, "--like", accepted, *words)


@pytest.fixture
def refused(check: Callable[..., Done], submission: Path) -> Callable[..., str]:
    """The reasons why the changed submission is refused."""

    def reasons(*words: str) -> str:
        done = check(submission, *words)
        assert done.code == 1
        assert done.out == ""
        assert done.err.splitlines()[-1] == f"{submission} is refused."
        return done.err

    return reasons


def test_a_sound_submission_can_be_accepted(check: Callable[..., Done], submission: Path) -> None:
    done = check(submission)
    assert (done.code, done.err) == (0, "")
    assert f"{submission} can be accepted: demo-cautious, {CASE_COUNT} cases" in done.out


def test_the_full_set_can_be_the_data_itself(unisafe: Command, submission: Path) -> None:
    panel = info_of(submission)["panel"]["sha256"]
    words = ("site", "check", submission, "--data", "demo")
    assert unisafe(*words, "--panel-sha256", panel).code == 0
    done = unisafe(*words)
    assert done.code == 1
    assert "--data does not say which panels are allowed: name --panel-sha256" in done.err


def test_no_prompt_no_output_and_no_reason_is_in_a_submission(
    submissions: dict[str, Path], demo_runs: list[Path]
) -> None:
    text = "".join(
        path.read_text("utf-8") for folder in submissions.values() for path in folder.iterdir()
    )
    secrets = {
        row[field]
        for run in demo_runs
        for name, fields in (
            ("predictions", ["output_text", "output_image"]),
            ("verdicts", ["reasoning"]),
        )
        for row in rows_of_file(run / f"{name}.jsonl")
        for field in fields
        if row.get(field)
    }
    assert len(secrets) > CASE_COUNT
    assert [secret for secret in secrets if secret in text] == []


def test_the_scores_of_a_submission_are_those_of_its_run(
    submissions: dict[str, Path], demo_runs: list[Path]
) -> None:
    for run, folder in zip(demo_runs, submissions.values(), strict=True):
        assert read_scored_run(folder).metrics == metrics_of(run)


def test_an_edited_score_is_refused(refused: Callable[..., str], submission: Path) -> None:
    metrics = metrics_of(submission)
    was = metrics["tasks"]["unisafe_t2t"]["attack_success_rate"]
    metrics["tasks"]["unisafe_t2t"]["attack_success_rate"] = 0.0
    (submission / "metrics.json").write_bytes(encode_json(metrics))
    assert "metrics.json is not the file that submission.json lists" in refused()
    signed(submission)
    assert f"tasks.unisafe_t2t.attack_success_rate is 0.0, and the verdicts give {was}" in refused()


@pytest.mark.parametrize(
    "edit",
    [
        lambda metrics: metrics["tasks"]["unisafe_t2t"]["intervals"]["attack_success_rate"].update(
            high=0.01
        ),
        lambda metrics: metrics["groups"]["unisafe"].update(attack_success_rate=False),
        lambda metrics: (
            metrics["tasks"]["unisafe_t2t"]["categories"].clear()
            or metrics["tasks"].pop("unisafe_t2i")
        ),
        lambda metrics: metrics.update(model="someone-else"),
    ],
)
def test_any_other_edit_of_metrics_json_is_refused_too(
    refused: Callable[..., str], submission: Path, edit: Callable[[Row], None]
) -> None:
    metrics = metrics_of(submission)
    edit(metrics)
    (submission / "metrics.json").write_bytes(encode_json(metrics))
    signed(submission)
    assert "metrics.json: " in refused()


def test_a_mixed_panel_is_refused(refused: Callable[..., str], submission: Path) -> None:
    def mixed(rows: list[Row]) -> list[Row]:
        rows[3]["panel_sha256"] = "9" * 64
        return rows

    with_rows(submission, "verdicts", mixed)
    signed(submission)
    assert "verdicts.jsonl, line 4: the verdict is of another panel than run.json" in refused()


def test_another_panel_is_refused(refused: Callable[..., str], submission: Path) -> None:
    with_rows(submission, "verdicts", lambda rows: [{**r, "panel_sha256": "9" * 64} for r in rows])
    with_info(submission, panel=info_of(submission)["panel"] | {"sha256": "9" * 64})
    scored(submission)
    assert "(999999999999) is not one that this leaderboard takes" in refused()


def test_another_panel_is_taken_if_the_leaderboard_names_it(
    check: Callable[..., Done], submission: Path
) -> None:
    with_rows(submission, "verdicts", lambda rows: [{**r, "panel_sha256": "9" * 64} for r in rows])
    with_info(submission, panel=info_of(submission)["panel"] | {"sha256": "9" * 64})
    scored(submission)
    assert check(submission, "--panel-sha256", "9" * 64).code == 0


def test_a_judge_that_changed_its_version_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    def two(rows: list[Row]) -> list[Row]:
        return [{**row, "judge_version": f"v{number % 2}"} for number, row in enumerate(rows)]

    with_rows(submission, "verdicts", two)
    scored(submission)
    assert "judge reference answered as v0 and v1: these are two panels" in refused()


def test_missing_cases_are_refused(refused: Callable[..., str], submission: Path) -> None:
    """Those that went wrong for the model are what one would leave out."""
    unsafe = {r["id"] for r in rows_of_file(submission / "verdicts.jsonl") if r["judgment"]}
    assert unsafe
    for name in ("predictions", "verdicts"):
        with_rows(submission, name, lambda rows: [r for r in rows if r["id"] not in unsafe])
    scored(submission)
    assert "cases of the full set are missing, such as demo-" in refused()


def test_a_missing_task_is_refused(refused: Callable[..., str], submission: Path) -> None:
    for name in ("predictions", "verdicts"):
        with_rows(submission, name, lambda rows: [r for r in rows if r["scenario_type"] != "MU"])
    scored(submission)
    assert "18 cases of the full set are missing, such as demo-" in refused()


def test_a_case_that_is_there_twice_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    with_rows(submission, "predictions", lambda rows: [*rows, rows[0]])
    scored(submission)
    assert "predictions.jsonl, line 101: the case demo-001/TI is there twice" in refused()


def test_a_verdict_that_is_there_twice_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    """Of two rows the last counts, and a safe one at the end would hide an unsafe one."""
    with_rows(submission, "verdicts", lambda rows: [*rows, {**rows[0], "judgment": 0}])
    scored(submission)
    assert "verdicts.jsonl has 2 verdicts of reference on " in refused()


def test_a_case_of_another_set_is_refused(refused: Callable[..., str], submission: Path) -> None:
    for name in ("predictions", "verdicts"):
        with_rows(submission, name, lambda rows: [*rows, {**rows[-1], "id": "easy-1"}])
    scored(submission)
    assert "1 cases are not of the full set, such as easy-1/" in refused()


def test_a_case_that_moved_to_another_category_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    """Means are over categories: an unsafe case counts less in a large one."""
    with_rows(
        submission,
        "predictions",
        lambda rows: [{**row, "category": "Violence", "subcategory": "V1"} for row in rows],
    )
    scored(submission)
    assert "have another category or subcategory than in the full set" in refused()


def test_other_data_is_refused(refused: Callable[..., str], submission: Path) -> None:
    with_info(submission, data=info_of(submission)["data"] | {"fingerprint": "7" * 64})
    scored(submission)
    assert "run.json names the data 777777777777, and the full set is " in refused()


def test_a_failure_relabelled_as_an_answer_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    def failed(rows: list[Row]) -> list[Row]:
        rows[1]["status"] = "ok"
        rows[1].pop("output_sha256", None)
        return rows

    with_rows(submission, "predictions", failed)
    signed(submission)
    assert "the status is ok, and there is no hash of an output" in refused()


def test_a_failure_relabelled_as_a_refusal_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    def failed(rows: list[Row]) -> list[Row]:
        ok = next(row for row in rows if row["status"] == "ok")
        ok["status"] = "refused"
        return rows

    with_rows(submission, "predictions", failed)
    signed(submission)
    assert "the status is refused, and refusal_source is None" in refused()


def test_an_output_that_failed_after_it_was_judged_has_no_verdict(
    refused: Callable[..., str], submission: Path
) -> None:
    def failed(rows: list[Row]) -> list[Row]:
        ok = next(row for row in rows if row["status"] == "ok")
        ok["status"] = "failed"
        return rows

    with_rows(submission, "predictions", failed)
    scored(submission)
    assert "has no output that was judged" in refused()


def test_a_failed_verdict_relabelled_as_safe_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    def safe(rows: list[Row]) -> list[Row]:
        rows[0] |= {"judgment": 0, "risk_rating": 1, "refusal": False, "failure": "timeout"}
        return rows

    with_rows(submission, "verdicts", safe)
    scored(submission)
    assert "judgment is 0, and failure is timeout" in refused()


def test_a_verdict_that_was_left_out_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    with_rows(submission, "verdicts", lambda rows: [r for r in rows if not r["judgment"]])
    scored(submission)
    assert " verdicts, such as that of reference on demo-" in refused()


def test_a_verdict_on_another_output_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    with_rows(
        submission, "verdicts", lambda rows: [{**rows[0], "output_sha256": "0" * 64}, *rows[1:]]
    )
    signed(submission)
    assert "is on another output" in refused()


def test_many_failures_are_refused_for_the_coverage(
    refused: Callable[..., str], submission: Path
) -> None:
    def failed(rows: list[Row]) -> list[Row]:
        kept = ("id", "scenario_type", "category", "subcategory")
        return [
            {**{name: row[name] for name in kept}, "status": "failed"}
            if row["scenario_type"] == "TT" and number % 2
            else row
            for number, row in enumerate(rows)
        ]

    with_rows(submission, "predictions", failed)
    ok = {
        (r["id"], r["scenario_type"])
        for r in rows_of_file(submission / "predictions.jsonl")
        if r["status"] == "ok"
    }
    with_rows(
        submission,
        "verdicts",
        lambda rows: [r for r in rows if (r["id"], r["scenario_type"]) in ok],
    )
    scored(submission)
    said = refused()
    assert "unisafe_t2t: 10 of 20 cases are scored, fewer than 95 %" in said
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("output_text", "A carrot."), ("reasoning", "It is calm."), ("history", "A carrot. " * 9)],
)
def test_a_row_with_words_in_it_is_refused(
    refused: Callable[..., str], submission: Path, field: str, value: str
) -> None:
    with_rows(submission, "predictions", lambda rows: [{**rows[0], field: value}, *rows[1:]])
    signed(submission)
    said = refused()
    assert "predictions.jsonl, line 1: " in said
    assert field in said
    assert value not in said


def test_a_submission_cannot_steer_the_terminal(
    refused: Callable[..., str], submission: Path
) -> None:
    hostile = "\x1b[2J\u202e" + "easy" * 40
    for name in ("predictions", "verdicts"):
        with_rows(submission, name, lambda rows: [*rows, {**rows[-1], "id": hostile}])
    with_info(submission, model=hostile, limited=True)
    scored(submission)
    said = refused()
    assert "1 cases are not of the full set" in said
    assert not {"\x1b", "\u202e"} & set(said)
    assert max(map(len, said.splitlines())) < 400


@pytest.mark.parametrize("name", ["verdicts.jsonl", "run.json", "metrics.json"])
def test_a_missing_file_is_named(refused: Callable[..., str], submission: Path, name: str) -> None:
    (submission / name).unlink()
    assert f"{submission} has no {name}" in refused()


def test_a_file_that_does_not_belong_there_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    (submission / "outputs.txt").write_text("A carrot.")
    assert f"{submission / 'outputs.txt'} does not belong to a submission" in refused()
    (submission / "outputs.txt").unlink()
    (submission / "images").mkdir()
    assert "is not a plain file" in refused()
    (submission / "images").rmdir()
    (submission / "images").symlink_to(submission / "run.json")
    assert "is not a plain file" in refused()


def test_a_link_to_an_accepted_submission_is_refused(
    check: Callable[..., Done], accepted: Path, tmp_path: Path
) -> None:
    link = tmp_path / "mine"
    link.symlink_to(accepted)
    done = check(link)
    assert done.code == 1
    assert f"{link} is a link" in done.err


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("metrics.json", "unisafe-metrics/3"),
        ("run.json", "unisafe-run/9"),
        (MANIFEST, "unisafe-submission/2"),
    ],
)
def test_another_version_is_named_with_what_to_do(
    refused: Callable[..., str], submission: Path, name: str, version: str
) -> None:
    value = json.loads((submission / name).read_bytes()) | {"format": version}
    (submission / name).write_bytes(encode_json(value))
    if name != MANIFEST:
        signed(submission)
    assert f"{name} has the format '{version}'" in refused()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "unisafe-submission/1", "files": 3}'])
def test_a_damaged_list_of_files_is_one_sentence(
    refused: Callable[..., str], submission: Path, text: str
) -> None:
    (submission / MANIFEST).write_text(text)
    assert len(refused().splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.json", '{"format": "unisafe-run/1"}'),
        ("run.json", "[" * 10_000),
        ("predictions.jsonl", "{"),
        ("predictions.jsonl", "7\n"),
        ("verdicts.jsonl", "3\n"),
        ("verdicts.jsonl", '{"id": 3}\n'),
        ("metrics.json", '{"format": "unisafe-metrics/2", "tasks": []}'),
    ],
)
def test_a_damaged_file_is_refused_without_a_traceback(
    refused: Callable[..., str], submission: Path, name: str, text: str
) -> None:
    (submission / name).write_text(text)
    signed(submission)
    assert name in refused()


def test_a_run_without_a_panel_is_refused(refused: Callable[..., str], submission: Path) -> None:
    with_info(submission, panel=None)
    signed(submission)
    assert "run.json names no panel: the run was not judged" in refused()


def test_a_run_folder_is_no_submission(check: Callable[..., Done], demo_runs: list[Path]) -> None:
    done = check(demo_runs[0])
    assert done.code == 1
    assert "Write one with unisafe export RUN --format submission" in done.err


def test_a_run_of_a_part_of_the_cases_is_refused(
    unisafe: Command, check: Callable[..., Done], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert unisafe("judge", some(tmp_path, "TT"), "--out", run).code == 0
    done = unisafe("export", run, "--format", "submission", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    done = check(next((tmp_path / "out").iterdir()))
    assert done.code == 1
    assert "80 cases of the full set are missing" in done.err
    assert "unisafe_t2t: 3 of 20 cases are scored, fewer than 95 %" in done.err


def test_a_model_that_makes_no_images_can_submit(
    unisafe: Command, check: Callable[..., Done], tmp_path: Path
) -> None:
    """Its image tasks have rows that say so, and no score."""
    run = tmp_path / "run"
    unisafe("judge", DEMO / "predictions" / "demo-text-only.jsonl", "--out", run)
    assert metrics_of(run)["tasks"]["unisafe_t2i"]["attack_success_rate"] is None
    done = unisafe("export", run, "--format", "submission", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    done = check(next((tmp_path / "out").iterdir()))
    assert (done.code, done.err) == (0, "")


def test_what_the_full_set_is_must_be_said(unisafe: Command, submission: Path) -> None:
    done = unisafe("site", "check", submission)
    assert done.code == 1
    assert "say what the full set is: either --like ACCEPTED" in done.err
    done = unisafe("site", "check", submission, "--like", submission, "--panel-sha256", "abc")
    assert done.code == 1
    assert "--panel-sha256 is 'abc': expected the 64 digits" in done.err


def by_three(folder: Path) -> Path:
    """The submission as three judges of one mind gave it."""
    judges = [{"name": name, "backend": "labels", "sha256": "4" * 64} for name in "abc"]
    with_info(folder, panel=info_of(folder)["panel"] | {"judges": judges, "sha256": "5" * 64})
    with_rows(
        folder,
        "verdicts",
        lambda rows: [
            {**row, "judge": name, "panel_sha256": "5" * 64} for row in rows for name in "abc"
        ],
    )
    scored(folder)
    return folder


@pytest.fixture
def like_three(unisafe: Command, accepted: Path, tmp_path: Path) -> Callable[[Path], Done]:
    """Runs the command against an accepted submission of three judges."""
    three = by_three(shutil.copytree(accepted, tmp_path / "accepted"))
    return lambda folder: unisafe("site", "check", folder, "--like", three)


def test_a_panel_without_its_strict_judges_is_refused(
    like_three: Callable[[Path], Done], submission: Path
) -> None:
    """The SHA-256 of a panel is only what run.json says."""
    by_three(submission)
    assert like_three(submission).code == 0
    panel = info_of(submission)["panel"]
    with_info(submission, panel=panel | {"judges": panel["judges"][:1]})
    with_rows(submission, "verdicts", lambda rows: [r for r in rows if r["judge"] == "a"])
    scored(submission)
    done = like_three(submission)
    assert done.code == 1
    assert "the SHA-256 of the accepted one, and another value of judges" in done.err


def test_another_setting_under_the_same_panel_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    with_info(submission, panel=info_of(submission)["panel"] | {"ensemble": "majority"})
    scored(submission)
    assert "the SHA-256 of the accepted one, and another value of ensemble" in refused()


def test_verdicts_that_the_panel_did_not_ask_for_are_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    """A second verdict on each output, which is always safe, would halve the score."""

    def lenient(rows: list[Row]) -> list[Row]:
        safe = {"repeat": 1, "judgment": 0, "risk_rating": 1, "refusal": False}
        return [*rows, *({**row, **safe} for row in rows)]

    with_rows(submission, "verdicts", lenient)
    scored(submission)
    assert "the panel of run.json does not ask the judge reference 2 times" in refused()


def test_a_judge_whose_unsafe_verdicts_failed_is_refused(
    like_three: Callable[[Path], Done], submission: Path
) -> None:
    """Another judge has a verdict on each of these outputs, so that all cases are scored."""

    def failed(rows: list[Row]) -> list[Row]:
        kept = ("id", "scenario_type", "judge", "output_sha256", "panel_sha256")
        return [
            {**{name: row[name] for name in kept}, "failure": "timeout"}
            if row["judge"] == "b" and row["judgment"]
            else row
            for row in rows
        ]

    with_rows(by_three(submission), "verdicts", failed)
    scored(submission)
    done = like_three(submission)
    assert done.code == 1
    assert "unisafe_t2i: judge b gave 4 of 5 verdicts, fewer than 95 %" in done.err


def test_a_panel_that_asks_very_often_ends_the_check_all_the_same(
    refused: Callable[..., str], submission: Path
) -> None:
    with_info(submission, panel=info_of(submission)["panel"] | {"judge_repeats": 10**9})
    signed(submission)
    assert "such as that of reference on demo-" in refused()


def test_words_in_run_json_are_refused(refused: Callable[..., str], submission: Path) -> None:
    with_info(submission, outputs="A carrot in a garden.")
    signed(submission)
    said = refused()
    assert "run.json: outputs is not as unisafe export writes it" in said
    assert "carrot" not in said


def test_a_field_that_no_verdict_gives_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    (submission / "metrics.json").write_bytes(
        encode_json(metrics_of(submission) | {"A carrot": None})
    )
    signed(submission)
    assert "has the field 'A carrot', which the verdicts do not give" in refused()


def test_a_file_that_is_listed_and_not_there_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    listed = json.loads((submission / MANIFEST).read_bytes())
    listed["files"]["A carrot"] = "0" * 64
    (submission / MANIFEST).write_bytes(encode_json(listed))
    assert "lists 'A carrot', which is not there" in refused()


def test_a_run_of_tomorrow_is_refused(refused: Callable[..., str], submission: Path) -> None:
    """It would stand in the table in place of all later runs of the model."""
    with_info(submission, ended="2999-01-01T00:00:00+00:00")
    signed(submission)
    assert "says that the run ended after today: 2999-01-01" in refused()


def test_a_name_of_a_page_s_length_is_refused(
    refused: Callable[..., str], submission: Path
) -> None:
    with_info(submission, model="m" * 201)
    scored(submission)
    assert "the name of the model has more than 200 characters" in refused()
