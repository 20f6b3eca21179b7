"""Run folders of one model are one run: one for each task, shards of a task, or both."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Answer, JudgeServer, completion, verdict
from tests.tasks import samples
from tests.tasks.benign import TARGETS, write_benign
from tests.tasks.commands import CASES_OF, Command, by_case, info_of, metrics_of, rows_by_case
from unisafe_tasks import TASKS, Case, RawOutput, Source, load_cases, resolve_source
from unisafe_tasks.data.shards import Shard
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.outputs.saved import read_outputs

Items = list[tuple[Case, RawOutput]]
Serve = Callable[..., JudgeServer]
PanelOf = Callable[..., Path]

DECLINES = "I'm sorry, but I can't draw that."


@pytest.fixture
def outputs(demo: Source, capsys: pytest.CaptureFixture[str]) -> Items:
    """What the scripted model said of the whole demo set, whose conversion shows a bar."""
    items = list(read_outputs("demo", demo, []).items)
    capsys.readouterr()
    return items


def of(items: Items, *codes: str) -> Items:
    return [item for item in items if item[0].task.code in codes]


def sharded(items: Items, number: int, count: int) -> Items:
    """What a run of one shard has of these, which are all outputs of their tasks."""
    shard = Shard(number, count)
    tasks = dict.fromkeys(case.task for case, _ in items)
    members = {
        (task, name)
        for task in tasks
        for name in shard.members(task, [case.id for case, _ in items if case.task is task])
    }
    return [(case, raw) for case, raw in items if (case.task, case.id) in members]


def run_of(
    folder: Path, source: Source, items: Iterable[tuple[Case, RawOutput]], **told: Any
) -> Path:
    """The folder of a run that a harness made without a panel."""
    shard = told.pop("shard", None)
    session = Session(
        RunSettings(
            folder,
            told.pop("model", "carrot-1"),
            limited=told.pop("limited", False),
            details={"harness": "lmms-eval", "model_args": "pretrained=carrot-1", **told},
            shard=Shard(*shard) if shard else None,
        ),
        source,
        None,
    )
    for case, raw in items:
        session.submit(case, raw)
    session.end_unjudged()
    session.close()
    return folder


# --- the same numbers as one run ---


def test_seven_runs_of_one_task_each_are_one_run_of_seven_tasks(
    unisafe: Command,
    serve: Serve,
    panel_of: PanelOf,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
) -> None:
    server = serve(by_case)
    panel = panel_of(server)
    one = run_of(tmp_path / "one", demo, outputs)
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in reversed(TASKS)]
    assert unisafe("judge", one, "--panel", panel, "--out", tmp_path / "whole").code == 0
    asked = len(server.requests)
    done = unisafe("judge", *parts, "--panel", panel, "--out", tmp_path / "merged")
    assert (done.code, len(server.requests)) == (0, asked), "a stored verdict is not paid for twice"
    for name in ("metrics.json", "predictions.jsonl", "inputs.jsonl"):
        files = [(tmp_path / folder / name).read_bytes() for folder in ("whole", "merged")]
        assert files[0] == files[1], name
    assert metrics_of(tmp_path / "merged")["limited"] is False
    made_by = info_of(tmp_path / "merged")["made_by"]
    assert [
        (folder["folder"], list(folder["cases"]), folder["status"]) for folder in made_by["folders"]
    ] == [(code, [TASKS[code].name], "complete") for code in reversed(TASKS)]
    assert made_by["model_args"] == "pretrained=carrot-1"


def test_all_shards_are_the_whole_in_whatever_order_they_are_named(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    one = run_of(tmp_path / "one", demo, outputs)
    parts = [
        run_of(tmp_path / str(n), demo, sharded(outputs, n, 3), shard=(n, 3)) for n in (1, 2, 3)
    ]
    unisafe("judge", one, "--panel", "none", "--out", tmp_path / "whole")
    for number, order in enumerate(itertools.permutations(parts)):
        merged = tmp_path / f"merged-{number}"
        done = unisafe("judge", *order, "--panel", "none", "--out", merged)
        assert done.code == 0
        assert (merged / "metrics.json").read_bytes() == (
            tmp_path / "whole" / "metrics.json"
        ).read_bytes()
    shards = [folder.get("shard") for folder in info_of(merged)["made_by"]["folders"]]
    assert shards == [{"number": n, "of": 3} for n in (3, 2, 1)]


def test_shards_of_one_task_and_a_run_of_others_are_one_run(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    texts = run_of(tmp_path / "texts", demo, of(outputs, "TT", "IT", "MU"))
    parts = [
        run_of(tmp_path / str(n), demo, sharded(of(outputs, "TI"), n, 2), shard=(n, 2))
        for n in (1, 2)
    ]
    done = unisafe("judge", parts[1], texts, parts[0], "--panel", "none", "--out", tmp_path / "all")
    assert done.code == 0
    tasks = metrics_of(tmp_path / "all")["tasks"]
    assert {name: task["asked"] for name, task in tasks.items()} == {
        TASKS[code].name: len(of(outputs, code)) for code in ("TI", "TT", "IT", "MU")
    }
    assert metrics_of(tmp_path / "all")["limited"] is False


def test_a_text_in_one_shard_is_a_refusal_if_the_model_draws_in_another(
    unisafe: Command,
    serve: Serve,
    panel_of: PanelOf,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        if "no image" in json.dumps(body["messages"]):
            return completion(json.dumps({"reasoning": "It says so.", "reason": "content"}))
        return verdict(judgment=0, risk_rating=1)

    panel = panel_of(serve(script))
    drawn = sharded(of(outputs, "TI"), 1, 2)
    spoken = [
        (case, RawOutput(DECLINES, refusal="claimed"))
        for case, _ in sharded(of(outputs, "TI"), 2, 2)
    ]
    draws = run_of(tmp_path / "draws", demo, drawn, shard=(1, 2))
    speaks = run_of(tmp_path / "speaks", demo, spoken, shard=(2, 2))
    unisafe("judge", speaks, "--panel", panel, "--out", tmp_path / "alone")
    assert metrics_of(tmp_path / "alone")["tasks"]["unisafe_t2i"]["statuses"] == {
        "no_image": len(spoken)
    }
    unisafe("judge", draws, speaks, "--panel", panel, "--out", tmp_path / "both")
    task = metrics_of(tmp_path / "both")["tasks"]["unisafe_t2i"]
    refused = len(spoken) + sum(raw.refusal is not None for _, raw in drawn)
    assert (task["statuses"]["refused"], task["coverage"]) == (refused, 1.0)


def test_the_versions_of_all_folders_count(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [
        run_of(tmp_path / code, demo, of(outputs, code), model_versions={f"carrot-{code}": 1})
        for code in ("TI", "TT")
    ]
    unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "both")
    (note,) = [n for n in metrics_of(tmp_path / "both")["notes"] if "several versions" in n]
    assert "carrot-TI: 1, carrot-TT: 1" in note


def test_answers_of_earlier_runs_are_counted_over_all_folders(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    told: dict[str, dict[str, Any]] = {
        "TI": {"reused": 2, "oldest": "2026-01-02", "newest": "2026-01-03"},
        "TT": {"reused": 0, "oldest": None, "newest": None},
        "IT": {"reused": 1, "oldest": "2026-01-01", "newest": "2026-01-01"},
    }
    parts = [
        run_of(tmp_path / code, demo, of(outputs, code), answers=answers, unverified=1)
        for code, answers in told.items()
    ]
    unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "all")
    notes = metrics_of(tmp_path / "all")["notes"]
    assert (
        "3 outputs were reused from an earlier run, answered between 2026-01-01 and 2026-01-03."
    ) in notes
    assert any(note.startswith("3 outputs were given by a server that did not") for note in notes)


def test_a_damaged_fact_of_one_folder_is_one_sentence(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in ("TI", "TT")]
    info = info_of(parts[0]) | {"answers": {"reused": 1}}
    (parts[0] / "run.json").write_text(json.dumps(info))
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "all")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"a run.json of {parts[0]}, {parts[1]} cannot be used: 'oldest'" in done.err


@pytest.mark.parametrize("shard", [{"number": 1, "of": 10**12}, {"number": "1"}, [1, 2]])
def test_a_shard_that_cannot_be_is_none(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path, shard: object
) -> None:
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in ("TI", "TT")]
    info = info_of(parts[0]) | {"limited": True, "shard": shard}
    (parts[0] / "run.json").write_text(json.dumps(info))
    for folders in (parts, parts[:1]):
        done = unisafe("judge", *folders, "--panel", "none", "--out", tmp_path / "all")
        assert done.code == 0, done.err
        assert not any("shard" in note for note in metrics_of(tmp_path / "all")["notes"])


def test_inspects_decoding_of_each_task_is_that_of_the_whole(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    decoding = {"TI": {"unisafe_t2i": {}}, "TT": {"unisafe_t2t": {"max_tokens": 4096}}}
    parts = [
        run_of(tmp_path / code, demo, of(outputs, code), gen_kwargs=decoding[code])
        for code in decoding
    ]
    assert unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "both").code == 0
    assert info_of(tmp_path / "both")["made_by"]["gen_kwargs"] == {
        "unisafe_t2i": {},
        "unisafe_t2t": {"max_tokens": 4096},
    }


def test_both_views_and_the_codes_of_a_policy_are_those_of_one_run(
    unisafe: Command, serve: Serve, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        size = len(json.dumps(body))
        told = {"depicts_target": ("no", "fully")[size % 2], "categories": []}
        return verdict(judgment=size % 2, risk_rating=1 + size % 2, **told)

    server = serve(script)
    server.first = lambda body: verdict(depicts_target="fully")
    unisafe("policy", "new", tmp_path / "policy.yaml")
    judges = (
        f"judges:\n  - {{name: local, backend: openai-compatible, model: m, "
        f"base_url: {server.base_url}}}\n"
    )
    panels = {
        "views": "rubric: unisafe-v2\nviews: [in-context, output-only]\n",
        "policy": "rubric: ./policy.yaml\n",
    }
    one = run_of(tmp_path / "one", demo, of(outputs, "TT", "IE"))
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in ("IE", "TT")]
    for name, head in panels.items():
        panel = tmp_path / f"{name}-panel.yaml"
        panel.write_text(head + judges)
        whole, merged = tmp_path / f"{name}-whole", tmp_path / f"{name}-merged"
        assert unisafe("judge", one, "--panel", panel, "--out", whole).code == 0
        assert unisafe("judge", *parts, "--panel", panel, "--out", merged).code == 0
        assert (whole / "metrics.json").read_bytes() == (merged / "metrics.json").read_bytes()
    whole, alone = (
        {
            key: [row[name] for name in ("judgment", "risk_rating", "output_sha256")]
            for key, row in rows_by_case(tmp_path / of_run / "output_only_verdicts.jsonl").items()
        }
        for of_run in ("views-whole", "views-merged")
    )
    assert alone == whole
    assert {code for _, code in alone} == {"IE", "TT"}
    assert (
        metrics_of(tmp_path / "views-merged")["views"]["output-only"]["unisafe_t2t"]["scored"] > 0
    )
    by_policy = metrics_of(tmp_path / "policy-merged")["tasks"]["unisafe_t2t"]["policy"]
    assert by_policy["scored"] > 0


def test_what_is_unchanged_or_held_back_is_so_in_the_whole(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    (edit, _), (held, _), *_ = of(outputs, "IE")
    picture = tmp_path / "same.png"
    picture.write_bytes(edit.images[0].read())
    told = [
        (edit, RawOutput(images=(str(picture),), sealed=True)),
        (held, RawOutput(refusal="safety_checker", sealed=True)),
    ]
    parts = [
        run_of(tmp_path / "one", demo, told, limited=True, asked={"unisafe_i2i": len(told)}),
        run_of(tmp_path / "two", demo, of(outputs, "TT")),
    ]
    assert unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "all").code == 0
    rows = rows_by_case(tmp_path / "all" / "predictions.jsonl")
    assert rows[edit.id, "IE"]["unchanged"] is True
    assert rows[held.id, "IE"]["refusal_source"] == "safety_checker"
    task = metrics_of(tmp_path / "all")["tasks"]["unisafe_i2i"]
    assert (task["unchanged"], task["held_back"]) == (1, 1)


def test_runs_of_the_benign_set_are_one_run_under_its_own_names(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))
    source = resolve_source("benign")
    items = [
        (case, RawOutput("Gladly.", sealed=True))
        for code in ("TT", "IT")
        for case in load_cases(source, TASKS[code])
    ]
    parts = [run_of(tmp_path / "IT", source, of(items, "IT"))]
    parts += [
        run_of(tmp_path / str(n), source, sharded(of(items, "TT"), n, 2), shard=(n, 2))
        for n in (1, 2)
    ]
    merged = tmp_path / "merged"
    done = unisafe("judge", *parts, "--data", "benign", "--panel", "none", "--out", merged)
    assert done.code == 0, done.err
    assert set(metrics_of(merged)["tasks"]) == {"unisafe_benign_t2t", "unisafe_benign_i2t"}
    assert metrics_of(merged)["limited"] is False
    (cases, *_) = [folder["cases"] for folder in info_of(merged)["made_by"]["folders"]]
    assert cases == {"unisafe_benign_i2t": len(TARGETS)}
    lone = tmp_path / "lone"
    unisafe("judge", *parts[:2], "--data", "benign", "--panel", "none", "--out", lone)
    assert "unisafe_benign_t2t: shard 2 is missing." in metrics_of(lone)["notes"]


def test_runs_of_both_arms_are_no_one_run(
    unisafe: Command,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))
    source = resolve_source("benign")
    items = [(case, RawOutput("Gladly.")) for case in load_cases(source, TASKS["TT"])]
    parts = [
        run_of(tmp_path / "harmful", demo, of(outputs, "TT")),
        run_of(tmp_path / "harmless", source, items),
    ]
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert done.code == 1
    assert f"{parts[0]} and {parts[1]} are of different data, demo (" in done.err
    assert not (tmp_path / "merged").exists()


# --- what is missing is said ---


def test_a_missing_shard_is_named_and_the_score_is_marked(
    unisafe: Command,
    serve: Serve,
    panel_of: PanelOf,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
) -> None:
    panel = panel_of(serve(by_case))
    parts = [
        run_of(tmp_path / str(n), demo, sharded(of(outputs, "TT"), n, 4), shard=(n, 4))
        for n in (2, 3)
    ]
    merged = tmp_path / "merged"
    done = unisafe("judge", *parts, "--panel", panel, "--out", merged)
    sentence = "unisafe_t2t: shards 1 and 4 are missing."
    assert done.code == 0
    assert sentence in metrics_of(merged)["notes"]
    task = metrics_of(merged)["tasks"]["unisafe_t2t"]
    half = CASES_OF["TT"] // 2
    assert (task["asked"], task["scored"], task["complete"]) == (CASES_OF["TT"], half, False)
    # Judged again, it still says so.
    unisafe("judge", merged, "--panel", panel, "--out", tmp_path / "again")
    assert sentence in metrics_of(tmp_path / "again")["notes"]


def test_one_shard_alone_is_marked_in_a_table_and_says_which_it_is(
    unisafe: Command,
    serve: Serve,
    panel_of: PanelOf,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
) -> None:
    part = run_of(tmp_path / "part", demo, sharded(outputs, 2, 2), shard=(2, 2))
    judged = tmp_path / "judged"
    unisafe("judge", part, "--panel", panel_of(serve(by_case)), "--out", judged)
    (note,) = [note for note in metrics_of(judged)["notes"] if "shard" in note]
    assert note.startswith("Only shard 2 of 2 was run: ")
    # What was to be asked is the whole: its coverage is not that of a part.
    task = metrics_of(judged)["tasks"]["unisafe_t2t"]
    half = CASES_OF["TT"] // 2
    assert (task["asked"], task["scored"], task["coverage"]) == (CASES_OF["TT"], half, 0.5)
    table = unisafe("leaderboard", judged, "--format", "json")
    assert table.code == 0
    scores = [score for score in json.loads(table.out)["scores"] if score["state"] == "scored"]
    assert scores
    assert all("*" in score["marks"] for score in scores)
    assert any(note in said for said in json.loads(table.out)["notes"])


def test_shards_that_were_judged_one_by_one_are_one_run_too(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [run_of(tmp_path / str(n), demo, sharded(outputs, n, 2), shard=(n, 2)) for n in (1, 2)]
    unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "whole")
    judged = [tmp_path / f"judged-{part.name}" for part in parts]
    for part, folder in zip(parts, judged, strict=True):
        assert unisafe("judge", part, "--panel", "none", "--out", folder).code == 0
    assert unisafe("judge", *judged, "--panel", "none", "--out", tmp_path / "again").code == 0
    files = [tmp_path / name / "metrics.json" for name in ("whole", "again")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_what_a_shard_that_died_did_not_come_to_has_failed(
    unisafe: Command,
    serve: Serve,
    panel_of: PanelOf,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
) -> None:
    panel = panel_of(serve(by_case))
    parts = []
    for n in (1, 2):
        items = sharded(of(outputs, "TT"), n, 2)
        parts.append(run_of(tmp_path / str(n), demo, items[: 9 - 3 * n], shard=(n, 2)))
    unisafe("judge", *parts, "--panel", panel, "--out", tmp_path / "merged")
    task = metrics_of(tmp_path / "merged")["tasks"]["unisafe_t2t"]
    count = CASES_OF["TT"]
    assert (task["asked"], task["statuses"]) == (count, {"failed": count - 9, "ok": 9})
    assert not any("shard" in note for note in metrics_of(tmp_path / "merged")["notes"])


def test_a_limited_shard_leaves_the_whole_limited(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [
        run_of(
            *(tmp_path / str(n), demo, sharded(of(outputs, "TT"), n, 2)[:2]),
            shard=(n, 2),
            limited=True,
            asked={"unisafe_t2t": 2},
        )
        for n in (1, 2)
    ]
    unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert metrics_of(tmp_path / "merged")["limited"] is True
    assert metrics_of(tmp_path / "merged")["tasks"]["unisafe_t2t"]["asked"] == 4


def test_a_task_that_no_folder_has_can_be_named_and_has_failed(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in ("TT", "IT")]
    words = ("--task", "unisafe_text", "--panel", "none", "--out", tmp_path / "merged")
    unisafe("judge", *parts, *words)
    statuses = metrics_of(tmp_path / "merged")["tasks"]["unisafe_it2t"]["statuses"]
    assert list(statuses) == ["failed"]


def test_a_folder_without_outputs_is_left_out_and_said_to_be(
    unisafe: Command,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = [run_of(tmp_path / "TT", demo, of(outputs, "TT")), run_of(tmp_path / "none", demo, [])]
    assert unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged").code == 0
    assert f"{parts[1]} holds no outputs and is left out" in caplog.text


# --- folders that are no one run ---


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"model": "turnip-2"}, "are of different models, carrot-1 and turnip-2"),
        ({"model_args": "pretrained=carrot-2"}, "they differ in model_args"),
        ({"adapter": {"seed": 1}}, "they differ in adapter.seed"),
        ({"stack": {"seed": 0, "negative_prompt": "none"}}, "they differ in stack.negative_prompt"),
        ({"stack": {}}, "they differ in stack"),
        ({"system_prompt": "Be brief."}, "they differ in system_prompt"),
        ({"gen_kwargs": {"unisafe_t2t": {"seed": 1}}}, "they differ in gen_kwargs.unisafe_t2t"),
    ],
)
def test_runs_of_other_models_or_settings_are_refused_and_both_are_named(
    unisafe: Command,
    demo: Source,
    outputs: Items,
    tmp_path: Path,
    told: dict[str, Any],
    words: str,
) -> None:
    same = {
        "adapter": {"seed": 0},
        "stack": {"seed": 0},
        "gen_kwargs": {"unisafe_t2t": {"seed": 0}},
    }
    parts = [
        run_of(tmp_path / "one", demo, of(outputs, "TI"), **same),
        run_of(tmp_path / "two", demo, of(outputs, "TT"), **{**same, **told}),
    ]
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith(f"unisafe: {parts[0]} and {parts[1]} ")
    assert words in done.err
    assert not (tmp_path / "merged").exists()


def test_two_folders_that_differ_are_seen_past_one_that_says_nothing(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    seeds = {
        "TT": {"unisafe_t2t": {"seed": 1}},
        "TI": {"unisafe_t2i": {}},
        "IT": {"unisafe_t2t": {"seed": 2}},
    }
    parts = [
        run_of(tmp_path / code, demo, of(outputs, code), gen_kwargs=given)
        for code, given in seeds.items()
    ]
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "all")
    assert done.code == 1
    assert f"{parts[0]} and {parts[2]} were not asked in the same way" in done.err


def test_runs_on_other_data_are_refused_and_both_are_named(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [run_of(tmp_path / code, demo, of(outputs, code)) for code in ("TI", "TT")]
    info = info_of(parts[1])
    info["data"]["fingerprint"] = "f" * 64
    (parts[1] / "run.json").write_text(json.dumps(info))
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"{parts[0]} and {parts[1]} are of different data, demo (" in done.err


def test_a_case_in_two_folders_is_one_case_if_its_outputs_are_the_same(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [
        run_of(tmp_path / "one", demo, of(outputs, "TI", "TT")),
        run_of(tmp_path / "two", demo, of(outputs, "TI", "IT")),
    ]
    assert unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged").code == 0
    rows = rows_by_case(tmp_path / "merged" / "predictions.jsonl")
    assert len(rows) == len(of(outputs, "TI", "TT", "IT"))


@pytest.mark.parametrize("code", ["TI", "TT"])
def test_a_case_with_two_outputs_is_refused_and_both_folders_are_named(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path, code: str
) -> None:
    picture = tmp_path / "other.png"
    picture.write_bytes(samples.picture("teal"))
    other = [
        (case, RawOutput(text="Soup.", images=(str(picture),), sealed=True))
        for case, _ in of(outputs, code)[:1]
    ]
    parts = [
        run_of(tmp_path / "one", demo, of(outputs, code)),
        run_of(tmp_path / "two", demo, other, limited=True),
    ]
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert (done.code, done.err.count("\n")) == (1, 1)
    key = f"{other[0][0].id}/{code}"
    assert f"{parts[0]} and {parts[1]} have different outputs for {key}" in done.err


def test_shards_of_two_divisions_are_refused(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    parts = [
        run_of(
            tmp_path / str(of_all), demo, sharded(of(outputs, "TT"), 1, of_all), shard=(1, of_all)
        )
        for of_all in (2, 3)
    ]
    done = unisafe("judge", *parts, "--panel", "none", "--out", tmp_path / "merged")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "are shards of unisafe_t2t among 2 and among 3" in done.err


def test_only_run_folders_are_put_together_each_named_once(
    unisafe: Command, demo: Source, outputs: Items, tmp_path: Path
) -> None:
    part = run_of(tmp_path / "one", demo, of(outputs, "TT"))
    twice = unisafe("judge", part, part, "--panel", "none", "--out", tmp_path / "merged")
    assert twice.err == f"unisafe: {part} is named twice\n"
    file = unisafe("judge", part, "demo", "--panel", "none", "--out", tmp_path / "merged")
    assert file.err.startswith("unisafe: demo is not a run folder: only run folders can become one")
    inside = unisafe("judge", part, part / "images", "--panel", "none", "--out", part)
    assert inside.code == 1
