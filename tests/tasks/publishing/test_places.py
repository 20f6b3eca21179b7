"""Nothing of where a run was made leaves this machine: no address, no folder, no price."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from tests.tasks import samples
from tests.tasks.commands import Command, info_of
from tests.tasks.publishing.hub_server import HubServer
from tests.tasks.publishing.synthetic import synthetic_run
from unisafe_tasks.publishing.places import without_places, without_places_in_settings
from unisafe_tasks.publishing.publishable import publishable_info
from unisafe_tasks.results.scored_run import read_scored_run
from unisafe_tasks.runs.folder import RunFolder

FOLDER = "/home/alice/private stock"
PRIVATE = (
    *("alice", "private", "stock", "10.1.2.3", "9000", "greenhouse", "turnips.example"),
    *(
        "QWEN_KEY",
        "price",
        "0.0512345",
        "max_cost",
        "requests_per_minute",
        "runner.py",
        "secret-kernel",
    ),
)
"""What is in the run below and in nothing that is published."""

PANEL = f"""\
rubric: unisafe-v1
max_cost: 77
judges:
  - name: nano
    backend: openai
    model: gpt-5-nano
    base_url: http://greenhouse.turnips.example/v1
    price: {{input: 0.0512345, output: 0.4}}
  - name: qwen
    backend: openai-compatible
    model: {FOLDER}/qwen
    base_url: http://10.1.2.3:9000/v1
    api_key_env: QWEN_KEY
    requests_per_minute: 60
    price: {{input: 0, output: 0}}
"""


def private_settings(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "model_args": f"pretrained={model},base_url=http://10.1.2.3:9000/v1,host=greenhouse,"
        f"cache={FOLDER}/cache,command=python {FOLDER}/runner.py,dtype=bfloat16",
        "gen_kwargs": f"grammar={FOLDER}/g.txt,temperature=0",
        "adapter": {
            "adapter": "umm_worker",
            "pretrained": model,
            "base_url": "http://10.1.2.3:9000/v1",
            "command": f"conda run -n x python {FOLDER}/runner.py --host greenhouse",
            "nested": [{"endpoint": "greenhouse", "file": f"{FOLDER}/list.txt", "seed": 3}],
        },
        "command": ["lmms-eval", "--output_path", FOLDER, "--host", "10.1.2.3:9000"],
        "platform": "Linux-secret-kernel",
        "data_setting": f"{FOLDER}/cases",
        "chat_template": "left out",
        "stack": {"system_prompt": "Answer a=b, in 1/2 words.", "checker": "/srv/private/guard"},
        "model_versions": {f"{FOLDER}/weights": 30, f"{FOLDER}/turnip": 2},
        "substituted": {f"{FOLDER}/turnip": 2},
        "batch_size": 4,
        "asked": {"unisafe_t2i": 16, "unisafe_t2t": 16},
    }


@pytest.fixture
def private_run(tmp_path: Path) -> Path:
    """A run on the published data with an address or a folder wherever there can be one."""
    folder = synthetic_run(
        tmp_path / "unisafe-home-alice-private-weights-20260301-100000",
        ["TI", "TT"],
        panel=PANEL,
        settings=private_settings(f"{FOLDER}/weights"),
    )
    predictions = samples.rows_of_file(folder / "predictions.jsonl")
    for row in predictions:
        row |= {"model": f"{FOLDER}/weights", "output_text": "A carrot and/or a leek."}
    predictions[0] |= {
        "status": "failed",
        "error": "no greenhouse.turnips.example, nor http://10.1.2.3:9000/v1/x at "
        "10.1.2.3:9000 or greenhouse:9000; see /home/alice/private/log.txt.",
    }
    verdicts = samples.rows_of_file(folder / "verdicts.jsonl")
    for row in verdicts:
        if row["judge"] == "qwen":
            row |= {"judge_version": f"{FOLDER}/qwen", "model": f"{FOLDER}/weights"}
    verdicts[-1]["judge_version"] = f"{FOLDER}/qwen-2"
    samples.write_rows(folder / "predictions.jsonl", predictions)
    samples.write_rows(folder / "verdicts.jsonl", verdicts)
    RunFolder(folder).write_json(
        "run.json", {**info_of(folder), "judge_versions": versions_of(folder)}
    )
    RunFolder(folder).write_json("metrics.json", read_scored_run(folder).metrics)
    return folder


def versions_of(folder: Path) -> Any:
    return read_scored_run(folder).metrics["judge_versions"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as server:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.root)
        monkeypatch.setenv("HF_TOKEN", "hf_carrotcarrotcarrotcarrotcarrot")
        yield server


def require_private(files: dict[str, bytes]) -> None:
    assert files
    for path, data in files.items():
        for word in PRIVATE:
            assert word not in path, path
            assert word.encode() not in data, f"{path}: {word}"


def test_the_run_holds_what_must_not_leave(private_run: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in private_run.iterdir() if path.is_file())
    assert [word for word in PRIVATE if word not in text] == []


@pytest.mark.parametrize("status", ["complete", "stopped"])
@pytest.mark.parametrize("format_", ["every-eval-ever", "eval-results", "model-index"])
def test_no_exported_byte_says_where_the_run_was_made(
    unisafe: Command, tmp_path: Path, private_run: Path, format_: str, status: str
) -> None:
    info = info_of(private_run)
    if format_ != "every-eval-ever":  # which take whole runs, and one version of models and judges
        info |= {"chat_template": "applied", "model_versions": {}, "substituted": {}}
        rows = samples.rows_of_file(private_run / "verdicts.jsonl")
        rows[-1]["judge_version"] = f"{FOLDER}/qwen"
        samples.write_rows(private_run / "verdicts.jsonl", rows)
        status = "complete"
    RunFolder(private_run).write_json("run.json", {**info, "status": status})
    (private_run / "metrics.json").unlink()
    done = unisafe("export", private_run, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 0, done.err
    out = tmp_path / "o"
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }
    require_private(files)
    assert any("weights" in path for path in files)
    assert b"qwen" in b"".join(files.values())


def test_no_pushed_byte_says_where_the_run_was_made_and_it_scores_the_same(
    unisafe: Command, hub: HubServer, private_run: Path, tmp_path: Path
) -> None:
    done = unisafe("push", private_run, "--repo", HubServer.repo, "--with-outputs")
    assert done.code == 0, done.err
    require_private(hub.files)
    folders = {path.split("/")[1] for path in hub.files if path.startswith("runs/")}
    (folder,) = folders
    copy = tmp_path / "copy"
    for name in ("run.json", "predictions.jsonl", "verdicts.jsonl"):
        copy.mkdir(exist_ok=True)
        (copy / name).write_bytes(hub.files[f"runs/{folder}/{name}"])
    run_metrics, copy_metrics = read_scored_run(private_run).metrics, read_scored_run(copy).metrics
    assert json.loads(hub.files[f"runs/{folder}/metrics.json"]) == copy_metrics
    assert copy_metrics["judge_versions"]["qwen"] == {"qwen": 30, "qwen-2": 1}
    assert (copy_metrics["model"], copy_metrics["limited"]) == ("weights", False)
    # That another model answered is said by whatever is made of the copy.
    assert any("turnip: 2" in note for note in copy_metrics["notes"])
    assert "substituted" in copy_metrics["tasks"]["unisafe_t2i"]["asked_otherwise"]
    for metrics in (run_metrics, copy_metrics):
        del metrics["judge_versions"], metrics["model"], metrics["notes"]
        for values in metrics["tasks"].values():
            for judge in values["judges"].values():
                del judge["versions"]
    assert copy_metrics == run_metrics
    again = unisafe("push", copy, "--repo", HubServer.repo, "--dry-run")
    assert again.code == 0, again.err


def test_what_decides_a_score_is_published(private_run: Path) -> None:
    info = info_of(private_run)
    public = publishable_info(info)
    unchanged = (
        *("format", "status", "started", "ended", "limited", "asked", "data", "harness", "seeds"),
        *("batch_size", "versions", "git_commit"),
    )
    assert {name: public[name] for name in unchanged} == {name: info[name] for name in unchanged}
    assert public["model"] == "weights"
    assert public["model_args"] == "pretrained=weights,cache=cache,dtype=bfloat16"
    assert public["gen_kwargs"] == "grammar=g.txt,temperature=0"
    assert public["adapter"] == {
        "adapter": "umm_worker",
        "pretrained": "weights",
        "nested": [{"file": "list.txt", "seed": 3}],
    }
    assert public["model_versions"] == {"weights": 30, "turnip": 2}
    assert (public["substituted"], public["chat_template"]) == ({"turnip": 2}, "left out")
    assert public["stack"] == {"system_prompt": "Answer a=b, in 1/2 words.", "checker": "guard"}
    assert "data_setting" not in public
    panel = public["panel"]
    judges = panel.pop("judges")
    assert panel == {name: info["panel"][name] for name in panel}
    assert set(panel) == {
        *("name", "sha256", "rubric", "ensemble", "min_verdicts", "judge_repeats"),
    }
    assert judges == [
        {"name": "nano", "backend": "openai", "model": "gpt-5-nano", "api": "responses"},
        {
            "name": "qwen",
            "backend": "openai-compatible",
            "model": "qwen",
            "temperature": 0.0,
            "max_tokens": 1024,
        },
    ]


def test_two_versions_that_would_look_like_one_are_not_taken_for_one(
    unisafe: Command, private_run: Path, tmp_path: Path
) -> None:
    rows = samples.rows_of_file(private_run / "verdicts.jsonl")
    rows[-1]["judge_version"] = "/srv/other/qwen"
    samples.write_rows(private_run / "verdicts.jsonl", rows)
    words = ("--format", "every-eval-ever", "--out", tmp_path / "o")
    done = unisafe("export", private_run, *words)
    assert done.code == 1
    assert "two versions that differ only in their folder" in done.err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "text",
    [
        "teaville/carrot-7b",
        "refs/pr/3",
        "main@a470118",
        "carrot:7b",
        "jpeg-q95/1",
        "2026-03-01T10:00:00+00:00",
        "/no_think",
        "/no_think Answer yes/no/maybe, and/or draw: a 3/4 <b>view</b>.",
        "Judge nano: 31 replies, 0.7.3.post1",
        "cuda:0",
    ],
)
def test_what_is_no_place_stays(text: str) -> None:
    assert without_places(text) == text


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("/home/alice/weights/", "weights"),
        ("~/weights", "weights"),
        ("~alice/weights", "weights"),
        ("../alice/weights", "weights"),
        ("./weights", "weights"),
        ("alice/private/weights", "weights"),
        ("C:\\Users\\alice\\weights", "weights"),
        ("\\\\greenhouse\\share\\weights", "weights"),
        ("file:///home/alice/weights", "[address]"),
        ("https://alice@greenhouse/v1?a=b,c", "[address]"),
        ("10.1.2.3:9000/v1", "[address]"),
        ("ask 10.1.2.3.", "ask [address]."),
        ("[fe80::1]:9000/v1", "[address]"),
        ("localhost:80", "[address]"),
        ("greenhouse:9000", "[address]"),
        ("alice@greenhouse:/srv/x/y", "y"),
        ("from alice@greenhouse:/srv/x/y", "from [address]:y"),
        ("open '/home/alice/a.png': no", "open 'a.png': no"),
    ],
)
def test_an_address_and_a_path_are_seen_in_every_form(text: str, public: str) -> None:
    assert without_places(text) == public
    assert without_places({"a": [text]}) == {"a": [public]}


def test_settings_are_taken_as_the_harness_writes_them() -> None:
    settings = {"base_url": "greenhouse", "host": "b", "API-Port": 9, "seed": 1, "p": "/a/b"}
    public = {"seed": 1, "p": "b"}
    assert without_places_in_settings(settings) == public
    assert without_places_in_settings(str(settings)) == str(public)
    assert (
        without_places_in_settings("host=b,seed=1,transport=x,p=/a/b") == "seed=1,transport=x,p=b"
    )
    assert without_places_in_settings("{broken, url='http://greenhouse/x'") == "{broken"


def test_no_table_and_no_report_says_where_the_data_lie(
    unisafe: Command, private_run: Path, tmp_path: Path
) -> None:
    lies = "/nowhere/cases-of-bob"
    run = tmp_path / "run"
    private_run.rename(run)
    RunFolder(run).write_json("run.json", {**info_of(run), "data_setting": lies})
    for name in ("text", "markdown", "latex", "csv", "json", "html"):
        done = unisafe("leaderboard", run, "--format", name)
        assert done.code == 0, done.err
        assert lies not in done.out
    done = unisafe("report", run, "--out", tmp_path / "report", "--no-media")
    assert done.code == 0, done.err
    for file in (tmp_path / "report").rglob("*"):
        assert not file.is_file() or lies.encode() not in file.read_bytes(), file
