"""A run that guards judge, from the command to every table: what they do not tell is a dash."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Answer, JudgeServer, completion
from tests.tasks import samples
from tests.tasks.commands import DEMO, Command, by_case, info_of, metrics_of, some
from unisafe_tasks.errors import RunError
from unisafe_tasks.publishing.every_eval_ever import read_record
from unisafe_tasks.self_awareness.judged_run import judged_run

Serve = Callable[..., JudgeServer]
ATTACK, RATING, REFUSAL = "attack_success_rate", "average_risk_rating", "refusal_rate"
LLAMA = ("safe", "unsafe\nS2,S6")
QWEN = (
    "Safety: Safe\nCategories: None\nRefusal: Yes",
    "Safety: Unsafe\nCategories: Unethical Acts\nRefusal: No",
    "Safety: Safe\nCategories: None\nRefusal: No",
)


def by_size(*replies: str) -> Callable[[dict[str, Any]], Answer]:
    """A guard whose reply depends on the case alone."""
    return lambda body: completion(replies[len(json.dumps(body)) % len(replies)])


@pytest.fixture
def guards(serve: Serve, tmp_path: Path) -> Callable[..., Path]:
    """Writes a panel of guards, each behind a server of its own."""

    def write(**replies: tuple[str, ...]) -> Path:
        lines = ["judges:"]
        for name, said in replies.items():
            server = serve(by_size(*said))
            server.first = server.script
            guard = "qwen3guard" if name == "qwen" else "llama-guard-4"
            lines.append(
                f"  - {{name: {name}, backend: guard, guard: {guard}, model: org/{name}, "
                f"base_url: {server.base_url}}}"
            )
        path = tmp_path / "guards.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def verdicts_of(folder: Path, judge: str) -> list[dict[str, Any]]:
    rows = samples.rows_of_file(folder / "verdicts.jsonl")
    return [row for row in rows if row["judge"] == judge]


def test_a_run_is_scored_by_what_its_guards_tell_and_the_rest_is_null(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    panel, run = guards(llama=LLAMA, qwen=QWEN), tmp_path / "run"
    done = unisafe("judge", DEMO / "predictions" / "demo.jsonl", "--panel", panel, "--out", run)
    assert done.code == 0
    metrics = metrics_of(run)
    assert (metrics["panel"]["kind"], info_of(run)["panel"]["kind"]) == ("guard", "guard")
    assert any(note.startswith("Judged by guards: ") for note in metrics["notes"])
    for name, task in metrics["tasks"].items():
        assert task[ATTACK] is not None
        assert task[RATING] is None
        assert (task[REFUSAL] is None) is (name != "unisafe_t2t")
        assert task["intervals"][RATING] is None
        assert task["judges"]["qwen"]["coverage"] == (1 if name == "unisafe_t2t" else 0) or (
            task["statuses"].get("refused")
        )
    image = metrics["tasks"]["unisafe_t2i"]
    assert image["judge_failures"] == {"qwen: unsupported": image["statuses"]["ok"]}
    # A guard that sees no image is no reason to mark a score that it never has a part in.
    assert image["complete"] is True
    assert "gave no verdict at all" not in " ".join(metrics["notes"])
    assert metrics["groups"]["unisafe"][RATING] is None
    assert metrics["groups"]["unisafe"][ATTACK] is not None
    assert unisafe("score", run).code == 0
    assert metrics_of(run) == metrics


def test_a_guards_hazards_and_their_counterparts_are_kept_with_its_verdict(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    panel, run = guards(llama=LLAMA[1:]), tmp_path / "run"
    assert unisafe("judge", some(tmp_path, "TI", "TT"), "--panel", panel, "--out", run).code == 0
    by_code = {row["scenario_type"]: row for row in verdicts_of(run, "llama")}
    for row in by_code.values():
        assert (row["judgment"], row["risk_rating"], row["refusal"]) == (1, None, None)
        assert row["hazards"] == ["S2: Non-Violent Crimes", "S6: Specialized Advice"]
    assert by_code["TI"]["violated"] == ["I1", "I2", "F1"]
    assert by_code["TT"]["violated"] == ["V1", "I1", "I2", "C1", "C2", "F1", "E1", "E2", "E3"]


def test_a_guard_that_reads_text_alone_leaves_image_tasks_unscored_without_a_call(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    panel, run = guards(qwen=QWEN), tmp_path / "run"
    outputs = some(tmp_path, "TI", "TT", "MU")
    dry = unisafe("judge", outputs, "--panel", panel, "--dry-run")
    assert dry.rows[0]["calls"] == "3"
    done = unisafe("judge", outputs, "--panel", panel, "--out", run)
    assert done.code == 1
    tasks = metrics_of(run)["tasks"]
    assert tasks["unisafe_t2t"]["scored"] == 3
    for name in ("unisafe_t2i", "unisafe_it2t"):
        assert (tasks[name]["scored"], tasks[name][ATTACK]) == (0, None)
        assert tasks[name]["judge_failures"] == {"qwen: unsupported": 3}
    (row,) = [row for row in verdicts_of(run, "qwen") if row["scenario_type"] == "MU"][:1]
    assert row["failure"] == "unsupported"
    assert row["error"] == "qwen3guard reads text alone, and this case has an image"
    (judge,) = info_of(run)["judges"]
    assert judge["calls"] == 4


def test_a_refusal_that_a_guard_calls_unsafe_is_no_refusal_and_an_unknown_one_no_zero(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    panel, run = guards(llama=LLAMA[:1], qwen=QWEN[:1]), tmp_path / "run"
    unisafe("judge", some(tmp_path, "TT"), "--panel", panel, "--out", run)
    judges = metrics_of(run)["tasks"]["unisafe_t2t"]["judges"]
    assert (judges["qwen"][REFUSAL], judges["llama"][REFUSAL]) == (1, None)


def test_every_table_shows_a_dash_and_every_export_leaves_the_score_out(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    panel = guards(llama=LLAMA)
    runs = [tmp_path / "demo", tmp_path / "demo-cautious"]
    for run in runs:
        outputs = DEMO / "predictions" / f"{run.name}.jsonl"
        assert unisafe("judge", outputs, "--panel", panel, "--out", run).code == 0
    scores = unisafe("score", runs[0]).rows
    # Below a score there may be its interval, in a row of its own.
    assert {row["ARR ↓"] for row in scores} - {""} == {"–"}
    assert {row["refusal rate %"] for row in scores} - {""} == {"–"}
    assert "–" not in {row["ASR ↓ %"] for row in scores}
    board = unisafe("leaderboard", *runs, "--format", "json")
    cells = json.loads(board.out)["scores"]
    untold = [cell for cell in cells if cell["metric"] in (RATING, REFUSAL)]
    told = [cell for cell in cells if cell["metric"] == ATTACK]
    assert {(cell["value"], cell["state"]) for cell in untold} == {(None, "untold")}
    assert {(cell["value"] is None, cell["state"]) for cell in told} == {(False, "scored")}
    report = tmp_path / "report"
    assert unisafe("report", *runs, "--out", report).code == 0
    page = (report / "report.html").read_text("utf-8")
    assert "Judged by guards" in page
    assert not {"nan", "NaN"} & set(page.replace(">", " ").replace("<", " ").split())
    done = unisafe(
        *("export", runs[0], "--format", "every-eval-ever", "--out", tmp_path / "exported")
    )
    assert "no average risk rating or refusal rate for unisafe_t2i" in done.err
    (record,) = (tmp_path / "exported").rglob("*.json")
    assert all(set(task) == {ATTACK, "coverage"} for task in read_record(record).values())
    compared = unisafe("compare", *runs)
    assert compared.code == 0


def test_runs_of_guards_and_of_other_judges_stand_apart(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    outputs = DEMO / "predictions" / "demo.jsonl"
    by_guards, by_labels = tmp_path / "by-guards", tmp_path / "by-labels"
    unisafe("judge", outputs, "--panel", guards(llama=LLAMA), "--out", by_guards)
    unisafe("judge", outputs, "--panel", "labels", "--out", by_labels)
    board = json.loads(unisafe("leaderboard", by_guards, by_labels, "--format", "json").out)
    assert {(cell["table"], cell["rubric"]) for cell in board["scores"]} == {
        (1, "guards"),
        (2, "unisafe-v1"),
    }
    done = unisafe("compare", by_guards, by_labels)
    assert (done.code, "panel" in done.err) == (1, True)


def test_guards_are_measured_against_labels_as_any_judge_is(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    unisafe(
        *("judge", DEMO / "predictions" / "demo.jsonl", "--panel", guards(llama=LLAMA)),
        *("--out", run),
    )
    labels = DEMO / "reference_verdicts.jsonl"
    done = unisafe("calibrate", run, "--labels", labels, "--out", tmp_path)
    assert done.code == 0, done.err
    (card,) = tmp_path.glob("judge-card*.json")
    value = json.loads(card.read_text())
    assert value["counts"]["outputs"] > 20
    assert value["judges"]["llama"] == value["ensemble"]
    assert value["ensemble"]["recall"] is not None


def test_a_guard_is_measured_against_another_judge_by_that_judges_verdicts(
    unisafe: Command,
    guards: Callable[..., Path],
    panel_of: Callable[..., Path],
    serve: Serve,
    store: Path,
    tmp_path: Path,
) -> None:
    outputs = DEMO / "predictions" / "demo.jsonl"
    by_guard, by_judge = tmp_path / "by-guard", tmp_path / "by-judge"
    unisafe("judge", outputs, "--panel", guards(llama=LLAMA), "--out", by_guard)
    unisafe("judge", outputs, "--panel", panel_of(serve(by_case)), "--out", by_judge)
    said = by_judge / "verdicts.jsonl"
    # A judge that gives no verdict on an output is no label of it.
    unjudged, *judged = rows_of(by_judge)
    unjudged |= dict.fromkeys(("judgment", "risk_rating", "refusal")) | {"failure": "timeout"}
    samples.write_rows(said, [unjudged, *judged])
    done = unisafe("calibrate", by_guard, "--labels", said, "--out", tmp_path)
    assert done.code == 0, done.err
    (card,) = tmp_path.glob("judge-card*.json")
    counted = json.loads(card.read_text())["ensemble"]
    theirs = {(row["id"], row["scenario_type"]): row["judgment"] for row in rows_of(by_judge)}
    pairs = Counter(
        (row["judgment"], theirs[row["id"], row["scenario_type"]]) for row in rows_of(by_guard)
    )
    assert len(theirs) > 20
    assert counted["true_positives"] == pairs[1, 1]
    assert counted["false_positives"] == pairs[1, 0]
    assert counted["false_negatives"] == pairs[0, 1]
    assert counted["true_negatives"] == pairs[0, 0]


def rows_of(run: Path) -> list[dict[str, Any]]:
    return list(samples.rows_of_file(run / "verdicts.jsonl"))


def test_guards_are_tested_by_what_they_see_and_tell(
    unisafe: Command, guards: Callable[..., Path], store: Path, cache: Path, tmp_path: Path
) -> None:
    panel, card = guards(llama=LLAMA, qwen=QWEN), tmp_path / "card.json"
    dry = {row["judge"]: row["calls"] for row in unisafe("panel", "test", panel, "--dry-run").rows}
    done = unisafe("panel", "test", panel, "--card", card)
    llama, qwen = json.loads(card.read_text())["judges"]
    assert (llama["valid"], llama["failures"]) == (llama["asked"], {})
    assert qwen["failures"] == {"unsupported": qwen["asked"] - qwen["valid"]}
    assert dry == {"llama": str(llama["valid"]), "qwen": str(qwen["valid"])}
    assert llama["refusals"] == {"valid": 0, "seen": 0, "false": 0}
    assert qwen["refusals"]["valid"] > 0
    # Of what a guard does not tell, the table has a dash.
    of_llama, of_qwen = (
        next(line for line in done.lines if line.startswith(f"{name} {score['valid']} of "))
        for name, score in (("llama", llama), ("qwen", qwen))
    )
    assert f"] – {llama['injections']['worked']} of " in of_llama
    assert f"] {qwen['refusals']['seen']} of {qwen['refusals']['valid']} " in of_qwen


def test_a_panel_that_mixes_guards_and_judges_is_refused_before_any_call(
    unisafe: Command, serve: Serve, tmp_path: Path
) -> None:
    server = serve()
    panel = tmp_path / "mixed.yaml"
    panel.write_text(
        "rubric: unisafe-v1\njudges:\n"
        f"  - {{name: a, backend: guard, guard: qwen3guard, model: m, base_url: {server.base_url}}}"
        f"\n  - {{name: b, backend: openai-compatible, model: m, base_url: {server.base_url}}}\n"
    )
    done = unisafe("judge", some(tmp_path, "TT"), "--panel", panel, "--out", tmp_path / "run")
    assert done.code == 1
    assert "a and b cannot be in one panel" in done.err
    assert server.requests == server.first_questions == []
    assert not (tmp_path / "run").exists()


def test_a_server_without_the_guards_template_costs_one_call_and_says_so(
    unisafe: Command,
    guards: Callable[..., Path],
    store: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = tmp_path / "run"
    panel = guards(llama=("I can help you store your tent!",))
    done = unisafe("judge", some(tmp_path, "TT"), "--panel", panel, "--out", run)
    assert done.code == 1
    assert "judge llama does not answer as llama-guard-4 does" in caplog.text
    (judge,) = info_of(run)["judges"]
    assert judge["calls"] == 1


def test_the_prompt_of_each_guard_is_shown_in_its_turns(
    unisafe: Command, guards: Callable[..., Path], tmp_path: Path
) -> None:
    outputs = DEMO / "predictions" / "demo.jsonl"
    panel = guards(llama=LLAMA, qwen=QWEN)
    shown = unisafe("prompt", outputs, "--case", "demo-001:TI", "--panel", panel).out
    assert shown.count("--- user ---") == shown.count("--- assistant ---") == 1
    assert "--- not asked: qwen3guard reads text alone" in shown


def test_a_model_cannot_be_asked_in_the_form_of_guards(
    unisafe: Command,
    guards: Callable[..., Path],
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "run"
    unisafe("judge", some(tmp_path, "TT"), "--panel", guards(llama=LLAMA), "--out", run)
    monkeypatch.setenv("UNISAFE_SELF_RUN", str(run))
    with pytest.raises(RunError, match="was judged by guards"):
        judged_run()


@pytest.mark.parametrize(
    "changes",
    [{"risk_rating": 1}, {"refusal": 0}, {"judgment": None}, {"judgment": 2}, {"judgment": True}],
)
def test_a_damaged_verdict_of_a_guard_is_told(
    unisafe: Command, guards: Callable[..., Path], store: Path, tmp_path: Path, changes: Any
) -> None:
    run = tmp_path / "run"
    panel = guards(qwen=QWEN[:1])
    unisafe("judge", some(tmp_path, "TT"), "--panel", panel, "--out", run)
    rows = samples.rows_of_file(run / "verdicts.jsonl")
    samples.write_rows(run / "verdicts.jsonl", [rows[0] | changes, *rows[1:]])
    done = unisafe("score", run)
    assert done.code == 1
    assert "judgment, risk_rating and refusal are" in done.err
