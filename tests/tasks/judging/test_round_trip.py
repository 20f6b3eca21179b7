"""Judging a stored run again is the run: from its folder, its predictions, and sample files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.servers import Answer, JudgeServer, completion, verdict
from tests.tasks import samples
from tests.tasks.commands import Command, info_of, metrics_of, rows_by_case
from unisafe_judges import load_panel
from unisafe_tasks import TASKS, CaseSet, RawOutput, Source, encode_output, parse_output
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.metrics import apply_ensemble
from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.outputs.parsing import encode_raw
from unisafe_tasks.outputs.predictions import read_predictions, read_run_predictions
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.publishing.publishable import publishable_info
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.runs.reading import read_run, scored_case

Cases = Mapping[str, CaseSet]

WORDS = st.sampled_from(
    [
        "",
        " ",
        "Soup.",
        "half an ans",
        "<think>hm</think>Soup.",
        "<think>never ends",
        "hm</think>Soup.",
        "I'm sorry, I can't create that.",
        "I am unable to edit images.",
        '{"text": "Soup.", "images": []}',
        "[SAFETY_BLOCKED:SAFETY]",
        "None",
        "lone \ud83d and \u2028",
    ]
)
OUTPUTS = st.fixed_dictionaries(
    {"text": WORDS, "pictures": st.integers(0, 4)},
    optional={
        "refusal": st.sampled_from(["model", "provider", "claimed"]),
        "error": st.sampled_from(["content_filter", "turn 2: no route", "x" * 600]),
        "unsupported": st.booleans(),
        "history": st.sampled_from(["full", "last"]),
        "thinking": st.just("A carrot is orange."),
        "template_opened": st.booleans(),
        "cut_off": st.booleans(),
        "version": st.just("carrot-1-2026"),
        "revised_prompt": st.just("Draw one carrot."),
    },
)
CODES = ("TI", "MT", "TT", "MU")


def script(body: dict[str, Any]) -> Answer:
    """A judge with an opinion on everything, texts in place of images included."""
    if "no image" in json.dumps(body["messages"]):
        return completion(json.dumps({"reasoning": "So it says.", "reason": "content"}))
    size = len(json.dumps(body)) % 2
    return verdict(judgment=size, risk_rating=2 if size else 1, refusal=False)


@pytest.fixture(scope="module")
def server() -> Any:
    with JudgeServer(script) as judge:
        yield judge


@pytest.fixture
def panel(server: JudgeServer, panel_of: Callable[..., Path], store: Path) -> Path:
    return panel_of(server)


def row_without_run(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's facts about the output; what a judge said of its words is a fact of the judging."""
    return {name: value for name, value in row.items() if name not in ("model", "text_verdict")}


def judged(
    folder: Path, source: Source, panel: Path, items: Any, model: str = "m"
) -> tuple[dict[Any, Any], list[Any]]:
    """The rows and the scored cases of a run of these outputs."""
    session = Session(RunSettings(folder, model), source, load_panel(panel))
    pending = [(case, session.submit(case, raw)) for case, raw in items]
    for code in CODES:
        session.settle(TASKS[code].name)
    cases = apply_ensemble(
        [scored_case(each.row, each.verdicts(), case.key) for case, each in pending],
        session.ensemble,
    )
    session.close()
    rows = rows_by_case(folder / "predictions.jsonl")
    return {key: row_without_run(row) for key, row in rows.items()}, sorted(
        cases, key=lambda case: (case.task, case.id)
    )


@settings(
    max_examples=6,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(OUTPUTS, min_size=4, max_size=12))
def test_any_output_counts_the_same_however_it_is_read_again(
    demo: Source,
    demo_cases: Cases,
    panel: Path,
    tmp_path_factory: pytest.TempPathFactory,
    given_outputs: list[dict[str, Any]],
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    paths = []
    for number in range(4):
        paths.append(folder / f"{number}.png")
        paths[-1].write_bytes(samples.picture(size=(4 + number, 4)))
    cases = [case for code in CODES for case in list(demo_cases[code])[:3]]
    items = []
    for case, output in zip(cases, given_outputs, strict=False):
        fields = {name: value for name, value in output.items() if name != "pictures"}
        images = paths[: output["pictures"]] if case.task.makes_images else []
        items.append((case, parse_output(encode_output(images=images, **fields), case.task)))
    first = judged(folder / "first", demo, panel, items)
    # From the run folder, as `unisafe judge` reads it.
    again = read_outputs(str(folder / "first"), demo, []).items
    kept = [(case, raw) for case, raw in again if case.key in {each.key for each, _ in items}]
    assert judged(folder / "again", demo, panel, kept) == first
    # From its predictions as a file of its own, and as `--model predictions` replays it.
    file = folder / "first" / "predictions.jsonl"
    found = read_predictions(file, demo_cases)
    assert found == read_run_predictions(folder / "first", demo_cases)
    replayed = [
        (case, parse_output(found[case.id, case.task.code].as_output(), case.task))
        for case, _ in items
    ]
    assert judged(folder / "replayed", demo, panel, replayed) == first
    # From what a harness logs of the adapter's outputs, beside the run folder.
    logged = [
        {"target": case.key, "filtered_resps": encode_raw(raw), "input": asked(case)}
        for case, raw in items
    ]
    samples.write_rows(folder / "logs" / "x_samples_unisafe_t2i.jsonl", logged)
    sampled = read_outputs(str(folder / "logs"), demo, []).items
    rows, scores = judged(folder / "sampled", demo, panel, sampled)
    assert (rows, scores) == first
    # And the folder's own files say the same as the run did.
    stored = read_run(folder / "first").cases
    assert {(case.task, case.id): (case.status, case.refused_by) for case in stored} == {
        (case.task, case.id): (case.status, case.refused_by) for case in first[1]
    }


def asked(case: Any) -> str:
    return str(case.turns[0] if case.task.is_conversation else case.instruction)


def test_a_partial_answer_that_a_filter_cut_is_judged_again(
    unisafe: Command, demo: Source, demo_cases: Cases, panel: Path, tmp_path: Path
) -> None:
    case = next(iter(demo_cases["TT"]))
    raw = RawOutput("Here is the first half", refusal="provider", error="content_filter")
    judged(tmp_path / "run", demo, panel, [(case, raw)])
    scores = []
    for source in (tmp_path / "run", tmp_path / "run" / "predictions.jsonl"):
        out = tmp_path / f"out{len(scores)}"
        unisafe("judge", source, "--task", "TT", "--panel", panel, "--out", out)
        row = rows_by_case(out / "predictions.jsonl")[case.id, "TT"]
        assert (row["status"], row["refusal_flag"], row["error"]) == (
            "ok",
            "provider",
            "content_filter",
        )
        scores.append(metrics_of(out)["tasks"]["unisafe_t2t"]["scored"])
    assert scores == [1, 1]


def test_the_run_that_made_the_outputs_is_recorded(unisafe: Command, tmp_path: Path) -> None:
    unisafe("judge", "demo", "--task", "TT", "--out", tmp_path / "one")
    assert "made_by" not in info_of(tmp_path / "one")
    unisafe("judge", tmp_path / "one", "--out", tmp_path / "two")
    one, made_by = info_of(tmp_path / "one"), info_of(tmp_path / "two")["made_by"]
    assert made_by["folder"] == "one"
    assert made_by["data"] == one["data"]
    assert {name: made_by[name] for name in ("model", "harness", "started")} == {
        name: one[name] for name in ("model", "harness", "started")
    }


def test_how_a_model_was_asked_is_said_of_its_outputs_judged_again(
    unisafe: Command, tmp_path: Path
) -> None:
    unisafe("judge", "demo", "--task", "TT", "--out", tmp_path / "one")
    path = tmp_path / "one" / "run.json"
    info = json.loads(path.read_bytes())
    info |= {"system_prompt": "Be kind.", "substituted": {"turnip": 3}, "unverified": 2}
    path.write_text(json.dumps(info), "utf-8")
    for source, out in (("one", "two"), ("two", "three")):
        unisafe("judge", tmp_path / source, "--out", tmp_path / out)
        metrics = metrics_of(tmp_path / out)
        said = " ".join(metrics["notes"])
        assert "was given a system prompt" in said
        assert "turnip: 3" in said
        assert "2 outputs were given by a server" in said
        otherwise = metrics["tasks"]["unisafe_t2t"]["asked_otherwise"]
        assert otherwise == ["substituted", "system prompt"]


def test_how_the_model_was_asked_and_who_answered_is_said_of_it_judged_again(
    unisafe: Command, demo: Source, demo_cases: Cases, panel: Path, tmp_path: Path
) -> None:
    facts = {
        "adapter": {"adapter": "umm_openai", "system_prompt": "Be brief."},
        "chat_template": "left out",
        "model_versions": {"carrot-1": 1, "turnip-2": 2},
        "substituted": {"turnip-2": 2},
    }
    session = Session(RunSettings(tmp_path / "0", "carrot-1"), demo, load_panel(panel))
    for name, value in facts.items():
        session.record(name, value)
    session.submit(next(iter(demo_cases["TT"])), RawOutput("Soup.")).verdicts()
    session.close()
    marks = ["no chat template", "several versions", "substituted", "system prompt"]
    for number in range(3):
        run = tmp_path / str(number)
        (task,) = build_metrics(info_of(run), read_run(run).cases)["tasks"].values()
        assert task["asked_otherwise"] == marks
        assert asked_of(info_of(run)) == facts
        unisafe("judge", run, "--panel", panel, "--out", tmp_path / str(number + 1))
    public = publishable_info(info_of(run))
    assert {name: public[name] for name in facts} == facts


# --- seals ---


def sealed_elsewhere(folder: Path, *, known: bool, **fields: Any) -> Path:
    """A sample file with the seal of another process, whose run lies beside it or does not."""
    import hashlib

    seal = "0123456789abcdef" * 2
    folder.mkdir()
    value = {**json.loads(encode_output(**fields)), "seal": seal}
    row = {"target": "demo-001/TT", "filtered_resps": json.dumps(value)}
    if known:
        (folder / "run").mkdir()
        seals = [hashlib.sha256(seal.encode()).hexdigest()]
        (folder / "run" / "run.json").write_text(json.dumps({"model": "m", "seals": seals}))
    return samples.write_rows(folder / "logs" / "x_samples_unisafe_t2t.jsonl", [row])


@pytest.mark.parametrize("known", [True, False])
def test_a_forged_seal_neither_refuses_nor_renames_the_run(
    unisafe: Command, tmp_path: Path, known: bool
) -> None:
    file = sealed_elsewhere(
        tmp_path / "x", known=known, text="", refusal="provider", model="forged"
    )
    unisafe("judge", file, "--panel", "none", "--out", tmp_path / "out")
    row = rows_by_case(tmp_path / "out" / "predictions.jsonl")["demo-001", "TT"]
    expected = ("refused", "forged") if known else ("no_output", "logs")
    assert (row["status"], row["model"]) == expected


def test_a_sample_of_an_image_that_another_case_overwrote_fails_both(
    unisafe: Command, tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.png").write_bytes(samples.picture())
    answer = json.dumps({"text": "", "images": [str(tmp_path / "logs" / "a.png")]})
    rows = [{"target": f"{case}/TI", "filtered_resps": answer} for case in ("demo-001", "demo-002")]
    file = samples.write_rows(tmp_path / "logs" / "x_samples_unisafe_t2i.jsonl", rows)
    unisafe("judge", file, "--panel", "none", "--out", tmp_path / "out")
    statuses = [
        row["status"] for row in rows_by_case(tmp_path / "out" / "predictions.jsonl").values()
    ]
    assert statuses == ["failed", "failed"]


@pytest.mark.parametrize(
    ("record", "status"),
    [
        ({"status": "refused", "refusal_source": "provider", "error": "filter"}, "refused"),
        ({"status": "failed", "refusal_source": None, "error": "older than this run"}, "failed"),
        ({"status": "ok", "refusal_source": None, "error": None}, "no_output"),
    ],
)
def test_what_the_run_found_out_is_taken_from_logged_samples(
    unisafe: Command, tmp_path: Path, record: dict[str, Any], status: str
) -> None:
    row = {"target": "demo-001/TT", "filtered_resps": "", "attack_success_rate": record}
    file = samples.write_rows(tmp_path / "logs" / "x_samples_unisafe_t2t.jsonl", [row])
    unisafe("judge", file, "--panel", "none", "--out", tmp_path / "out")
    assert (
        rows_by_case(tmp_path / "out" / "predictions.jsonl")["demo-001", "TT"]["status"] == status
    )
