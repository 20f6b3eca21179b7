"""A panel of `unisafe-v2` at work: the split and the second view, from command to table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judges.vendors import VendorServer, answer_of
from tests.servers import GOOD, Answer, JudgeServer, completion, verdict
from tests.tasks import samples
from tests.tasks.commands import DEMO, Command, info_of, metrics_of, some
from unisafe_judges.panel_test.known_outputs import known_outputs
from unisafe_tasks.errors import RunError
from unisafe_tasks.metric_facts import SPLIT
from unisafe_tasks.runs.reading import read_run

Serve = Callable[..., JudgeServer]
T2T, T2I = "unisafe_t2t", "unisafe_t2i"
SAFE = {"judgment": 0, "risk_rating": 1}


def is_alone(body: Any) -> bool:
    return "You are shown the output alone." in json.dumps(body)


def evading(body: dict[str, Any]) -> Answer:
    """In context no output shows its target; alone each is unsafe."""
    return verdict() if is_alone(body) else verdict(depicts_target="no", **SAFE)


@pytest.fixture
def panel(tmp_path: Path) -> Callable[..., Path]:
    """Writes a panel of `unisafe-v2` with both views, of judges at these servers."""

    def write(*servers: JudgeServer, views: str = "[in-context, output-only]", **top: Any) -> Path:
        path = tmp_path / "v2.yaml"
        lines = ["rubric: unisafe-v2", f"views: {views}"]
        lines += [f"{name}: {value}" for name, value in top.items()]
        judges = [
            f"  - {{name: {name}, backend: openai-compatible, model: m, max_tokens: {tokens}, "
            f"base_url: {server.base_url}}}"
            for name, tokens, server in zip("xyz", (500, 600, 700), servers, strict=False)
        ]
        path.write_text("\n".join([*lines, "judges:", *judges]) + "\n")
        return path

    return write


def v2_server(serve: Serve, script: Callable[[dict[str, Any]], Answer] = evading) -> JudgeServer:
    server = serve(script)
    server.first = lambda body: verdict(depicts_target="fully")
    return server


def alone_rows(run: Path) -> list[dict[str, Any]]:
    return samples.rows_of_file(run / "output_only_verdicts.jsonl")


def test_each_output_is_judged_in_both_views_which_are_never_mixed(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server, run = v2_server(serve), tmp_path / "run"
    outputs = some(tmp_path / "in", "TT", "IE", "MT", count=2)
    done = unisafe("judge", outputs, "--panel", panel(server), "--out", run)
    assert done.code == 0, done.err
    assert sorted(map(is_alone, server.requests)) == [False] * 6 + [True] * 6
    context = samples.rows_of_file(run / "verdicts.jsonl")
    assert [(row["judgment"], row["depicts_target"]) for row in context] == [(0, "no")] * 6
    assert [row["judgment"] for row in alone_rows(run)] == [1] * 6
    assert not any("depicts_target" in row for row in alone_rows(run))
    assert {row["output_sha256"] for row in context} == {
        row["output_sha256"] for row in alone_rows(run)
    }
    metrics = metrics_of(run)
    for name, task in metrics["tasks"].items():
        assert task["attack_success_rate"] == 0
        assert [task["split"][metric] for metric in SPLIT] == [0, 0, 1, 0]
        view = metrics["views"]["output-only"][name]
        assert (view["attack_success_rate"], view["scored"], view["agreement"]) == (1, 2, 0)
        assert view["coverage"] == task["coverage"]
        assert (view["unsafe_only_in_context"], view["unsafe_only_output_only"]) == (0, 2)
    assert info_of(run)["panel"]["views"] == ["in-context", "output-only"]
    assert unisafe("score", run, "--json").out.encode() == (run / "metrics.json").read_bytes()


def test_the_tables_show_the_split_the_views_and_what_they_mean(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outputs = some(tmp_path / "in", "TT", "TI", count=2)
    judged = unisafe("judge", outputs, "--panel", panel(v2_server(serve)), "--out", run)
    for done in (judged, unisafe("score", run)):
        assert "What became of the outputs: shares that sum to 100 %" in done.lines
        assert "unisafe_t2i 0.0 0.0 100.0 0.0" in [
            line.replace("*", "").replace("†", "") for line in done.lines
        ]
        assert "Attack success rate ↓ in each view, %" in done.lines
        assert any(
            line.startswith("unisafe_t2i: the evasion rate is 100 %.") for line in done.lines
        )
    written = unisafe("leaderboard", run, "--format", "csv").out
    split = {
        (row["task"], row["metric"]): float(row["value"])
        for row in csv.DictReader(io.StringIO(written))
        if row["metric"] in SPLIT
    }
    assert split[T2I, "evasion_rate"] == split[T2T, "evasion_rate"] == 1
    for form in ("markdown", "latex", "html", "json"):
        text = unisafe("leaderboard", run, "--format", form).out
        assert "evaded" in text or "evasion_rate" in text
        assert "nothing of what was asked for" in text
    only = unisafe("leaderboard", run, "--metric", "evasion_rate").out
    assert "evaded, %: panel" in only
    assert "ASR" not in only
    assert unisafe("report", run, "--out", tmp_path / "report").code == 0
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "What the outputs show" in page
    assert "Attack success rate in each view" in page
    assert "show nothing of the target." in page


def test_tables_of_other_runs_say_nothing_of_it(unisafe: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    judged = unisafe("judge", "demo", "--panel", "labels", "--task", "TT", "--out", run)
    board = unisafe("leaderboard", run, "--format", "json")
    assert unisafe("report", run, "--out", tmp_path / "report").code == 0
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    for text in (judged.out, board.out, page, (run / "metrics.json").read_text()):
        assert "evaded" not in text
        assert "evasion_rate" not in text
        assert "What the outputs show" not in text
    assert not (run / "output_only_verdicts.jsonl").exists()


def test_the_dry_run_counts_both_views_and_says_so(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server = v2_server(serve)
    outputs = some(tmp_path / "in", "TT", "IE", count=2)
    words = ("judge", outputs, "--dry-run", "--panel")
    (row,) = unisafe(*words, panel(server, views="[in-context]")).rows
    assert row["calls"] == "4"
    done = unisafe(*words, panel(server))
    assert done.rows[0]["calls"] == "8"
    assert done.lines[-1] == (
        "Each output is judged in two views (in-context, output-only): twice the calls."
    )
    assert server.requests == []


def same_outputs(folder: Path) -> Path:
    """Two cases with one and the same answer."""
    outputs = some(folder, "TT", count=2)
    first, second = samples.rows_of_file(outputs)
    return samples.write_rows(outputs, [first, second | {"output_text": first["output_text"]}])


def test_the_same_output_of_two_cases_is_asked_about_once_alone(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server, run, outputs = v2_server(serve), tmp_path / "run", same_outputs(tmp_path / "in")
    file = panel(server)
    told = unisafe("judge", outputs, "--panel", file, "--dry-run")
    assert told.rows[0]["calls"] == "3"
    assert told.lines[-1].endswith(
        "1 of 2 outputs are the same as another one: in the second view they are asked about "
        "together, once."
    )
    assert unisafe("judge", outputs, "--panel", file, "--out", run).code == 0
    assert sorted(map(is_alone, server.requests)) == [False, False, True]
    assert sorted(row["cached"] for row in alone_rows(run)) == [False, True]
    assert metrics_of(run)["views"]["output-only"][T2T]["scored"] == 2


def test_a_judge_that_answers_the_second_view_only_sometimes_costs_no_score(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    """Nor is a case that it did not answer safe in that view."""
    answers = {"lost": False}

    def moody(body: dict[str, Any]) -> Answer:
        if is_alone(body):
            answers["lost"] = not answers["lost"]
            return completion("Let me think.") if answers["lost"] else verdict()
        return verdict(depicts_target="fully")

    server, run = v2_server(serve, moody), tmp_path / "run"
    outputs, file = some(tmp_path / "in", "TT", count=4), panel(server)
    done = unisafe("judge", outputs, "--panel", file, "--out", run)
    assert done.code == 0, done.err
    metrics = metrics_of(run)
    task, view = metrics["tasks"][T2T], metrics["views"]["output-only"][T2T]
    assert (task["attack_success_rate"], task["scored"], task["judge_failures"]) == (1, 4, {})
    assert (view["attack_success_rate"], view["scored"]) == (1, 2)
    assert view["judge_failures"] == {"x: not_json": 2}
    assert (view["compared"], view["agreement"]) == (2, 1)
    assert any(line.startswith("unisafe_t2t, output-only: 2 of ") for line in done.lines)

    # Once more: what is missing is asked again, and nothing else.
    asked = len(server.requests)
    assert unisafe("judge", outputs, "--panel", file, "--out", run).code == 0
    assert list(map(is_alone, server.requests[asked:])) == [True, True]
    assert metrics_of(run)["views"]["output-only"][T2T]["scored"] >= 3


def test_an_output_that_nobody_is_shown_is_asked_about_in_no_view(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server, run = v2_server(serve), tmp_path / "run"
    outputs = DEMO / "predictions" / "demo-flaky.jsonl"
    unisafe("judge", outputs, "--panel", panel(server), "--out", run, "--task", "IE")
    statuses = metrics_of(run)["tasks"]["unisafe_i2i"]["statuses"]
    assert statuses["failed"] > 0
    assert len(alone_rows(run)) == statuses["ok"]
    view = metrics_of(run)["views"]["output-only"]["unisafe_i2i"]
    assert view["scored"] == statuses["ok"] + statuses.get("refused", 0)


def test_a_budget_that_ends_leaves_the_second_view_unknown_and_not_safe(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server, run = v2_server(serve), tmp_path / "run"
    outputs = some(tmp_path / "in", "TT", count=3)
    unisafe("judge", outputs, "--panel", panel(server, max_calls=4), "--out", run)
    metrics = metrics_of(run)
    view = metrics["views"]["output-only"][T2T]
    scored = metrics["tasks"][T2T]["scored"] + view["scored"]
    assert scored == len(server.requests) <= 4
    assert view["judge_failures"] == {"x: budget": 3 - view["scored"]}


def test_both_prompts_are_shown(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server = v2_server(serve)
    file, outputs = panel(server), some(tmp_path / "in", "MT", count=1)
    (row,) = samples.rows_of_file(outputs)
    done = unisafe("prompt", outputs, "--case", f"{row['id']}:MT", "--panel", file)
    first, second = done.out.split("\ncase ")
    assert first.count("[image: ") == 4
    assert second.count("[image: ") == 1
    assert "rubric unisafe-v2 output-only" in second
    assert "INSTRUCTION OF TURN" in first
    assert "INSTRUCTION" not in second.replace("instruction to you", "")
    unisafe("judge", outputs, "--panel", file, "--out", tmp_path / "run")
    for request in server.requests:
        said = request["messages"][0]["content"]
        assert said in (second if is_alone(request) else first)


def test_rows_of_the_second_view_are_checked_like_any_other(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    outputs = some(tmp_path / "in", "TT", count=1)
    unisafe("judge", outputs, "--panel", panel(v2_server(serve)), "--out", run)
    file = run / "output_only_verdicts.jsonl"
    (row,) = alone_rows(run)
    for changes, said in (
        ({"judgment": "1"}, "output_only_verdicts.jsonl, line 1: judgment, risk_rating"),
        ({"judge": "nobody"}, "the panel has no judge 'nobody'"),
        ({"panel_sha256": "0" * 64}, "the verdict is of another panel"),
        ({"output_sha256": "0" * 64}, "the verdict of x is on another output"),
        ({"depicts_target": "maybe"}, "depicts_target is not one of no, partly, fully"),
    ):
        samples.write_rows(file, [row | changes])
        with pytest.raises(RunError, match=said):
            read_run(run)


def test_a_run_judged_again_by_another_panel_keeps_no_row_of_the_second_view(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    server, run = v2_server(serve), tmp_path / "run"
    outputs = some(tmp_path / "in", "TT", count=1)
    unisafe("judge", outputs, "--panel", panel(server), "--out", run)
    # One that was stopped: a finished run of another panel is not replaced.
    info = info_of(run) | {"status": "stopped"}
    (run / "run.json").write_text(json.dumps(info))
    plain = panel(server, views="[in-context]")
    assert unisafe("judge", outputs, "--panel", plain, "--out", run).code == 0
    assert not (run / "output_only_verdicts.jsonl").exists()
    assert "views" not in metrics_of(run)


def test_a_stored_run_is_judged_in_both_views(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], tmp_path: Path
) -> None:
    stored = tmp_path / "stored"
    assert unisafe("judge", "demo", "--panel", "none", "--task", "TI", "--out", stored).code == 0
    run = tmp_path / "run"
    done = unisafe("judge", stored, "--panel", panel(v2_server(serve)), "--out", run)
    assert done.code == 0, done.err
    assert len(alone_rows(run)) == len(samples.rows_of_file(run / "verdicts.jsonl")) > 0


# --- batches ---


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("A_KEY", "key-for-tests-0123456789")
    with VendorServer() as running:
        running.script = lambda path, body: answer_of(path, by_view(body))
        yield running


def by_view(body: Any) -> str:
    return json.dumps(GOOD if is_alone(body) else GOOD | {"depicts_target": "partly"})


def test_a_batch_is_of_one_view_and_both_are_collected(
    unisafe: Command, vendor: VendorServer, tmp_path: Path
) -> None:
    panel, run = tmp_path / "batch.yaml", tmp_path / "run"
    panel.write_text(
        "rubric: unisafe-v2\nviews: [in-context, output-only]\njudges:\n"
        f"  - {{name: open, backend: openai, model: judge, base_url: {vendor.root}/v1,\n"
        "     api_key_env: A_KEY}\n"
    )
    words = ("judge", same_outputs(tmp_path / "in"), "--panel", panel, "--out", run)
    sent = unisafe(*words, "--batch")
    assert sent.code == 3, sent
    assert [[is_alone(request) for request in job.requests] for job in vendor.jobs] == [
        [False, False],
        [True],
    ]
    assert [row["judge"] for row in sent.rows] == ["open", "open, output-only"]
    # What is under way is asked about in no other way.
    refused = unisafe(*words)
    assert refused.code == 1
    assert "has a batch with its provider" in refused.err

    vendor.finish_batches()
    asked = len(vendor.questions)
    done = unisafe(*words, "--batch")
    assert done.code == 0, done
    assert len(vendor.questions) == asked
    assert [row["judgment"] for row in alone_rows(run)] == [1, 1]
    view = metrics_of(run)["views"]["output-only"][T2T]
    assert (view["scored"], view["agreement"]) == (2, 1)


# --- a panel test ---


def test_a_panel_test_tells_the_share_of_targets_that_are_told_right(
    unisafe: Command, serve: Serve, panel: Callable[..., Path], cache: Path, tmp_path: Path
) -> None:
    assert cache
    outputs = known_outputs().outputs
    server = v2_server(serve, lambda body: verdict(depicts_target="fully"))
    card = tmp_path / "card.json"
    words = ("panel", "test", panel(server), "--card", card)
    assert unisafe(*words, "--dry-run").rows[0]["calls"] == "60"
    done = unisafe(*words)
    assert not any(map(is_alone, server.requests))
    (score,) = json.loads(card.read_text())["judges"]
    right = sum("fully" in output.depicts for output in outputs)
    assert score["depictions"] == {"valid": 60, "right": right}
    assert f"0 of 7 {right} of 60 " in "\n".join(done.lines)
    assert "The known verdicts follow the policy" not in done.out


def test_every_known_output_has_a_known_depiction() -> None:
    for output in known_outputs().outputs:
        assert set(output.depicts) <= {"no", "partly", "fully"}
        assert output.depicts
        # A judge that sees what the rubric defines cannot contradict itself.
        assert (
            output.depicts == ("no",)
            if output.refusal
            else "fully" in output.depicts
            or (output.kind in ("near_miss", "injection") and not output.judgment)
        )
