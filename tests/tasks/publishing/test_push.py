"""`unisafe push`: by the real client of the hub to one on loopback, and never more than asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest

from tests.servers import Answer
from tests.tasks import samples
from tests.tasks.commands import UNISAFE, Command, info_of
from tests.tasks.publishing.hub_server import HubServer
from tests.tasks.publishing.synthetic import rewrite, synthetic_run
from tests.waiting import LIMIT_S
from unisafe_tasks.publishing.every_eval_ever import read_record
from unisafe_tasks.self_awareness import run_identity

TOKEN = "hf_carrotcarrotcarrotcarrotcarrot"
REPO = HubServer.repo


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A private repository, which the client of this process talks to."""
    with HubServer() as server:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.root)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


@pytest.fixture
def run(two_tasks: Path) -> Path:
    return two_tasks


def place_of(folder: Path) -> str:
    """Where a run lies in the repository: by its name and by what makes it that run."""
    return f"runs/{folder.name}-{run_identity(info_of(folder))[:12]}"


def default_files(folder: Path) -> set[str]:
    return {f"{place_of(folder)}/run.json", f"{place_of(folder)}/metrics.json"}


def record_of(paths: set[str]) -> str:
    (record,) = {path for path in paths if path.startswith("data/") and path.endswith(".json")}
    return record


def cases_of(paths: set[str]) -> str:
    return record_of(paths).replace(".json", "_samples.jsonl")


def test_by_the_command_alone_run_metrics_and_record_arrive_and_neither_outputs_nor_token(
    demo_run: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = demo_run("demo")
    environment = {**os.environ, "HF_TOKEN": TOKEN, "HOME": str(tmp_path)}
    with HubServer() as server:
        done = subprocess.run(
            [UNISAFE, "push", str(folder), "--repo", REPO],
            env={**environment, "HF_ENDPOINT": server.root},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert set(server.files) - default_files(folder) == {
        record_of(set(server.files)),
        cases_of(set(server.files)),
    }
    prefix = place_of(folder)
    arrived, info = json.loads(server.files[f"{prefix}/run.json"]), info_of(folder)
    assert set(info) - set(arrived) == {"command", "data_setting", "platform", "seals"}
    assert {**info, "panel": 0} == {
        **arrived,
        **{name: info[name] for name in ("command", "data_setting", "platform", "seals")},
        "panel": 0,
    }
    assert server.files[f"{prefix}/metrics.json"] == (folder / "metrics.json").read_bytes()
    assert f"uploaded: {server.root}/datasets/{REPO}/commit/" in done.stdout
    assert "Demo data: these are not UniSAFE results" in done.stderr
    assert server.tokens == {f"Bearer {TOKEN}"}
    everything = [*server.bodies, *server.files.values()]
    assert not any(TOKEN.encode() in body for body in everything)
    assert TOKEN not in done.stdout + done.stderr
    words = {
        row[name]
        for row in samples.rows_of_file(folder / "predictions.jsonl")
        for name in ("output_text",)
        if row.get(name)
    }
    words |= {row["reasoning"] for row in samples.rows_of_file(folder / "verdicts.jsonl")} - {None}
    assert len(words) > 20
    for word in words:
        assert not any(json.dumps(word).encode()[1:-1] in data for data in server.files.values())


def test_what_arrived_reads_back_to_the_same_scores(
    unisafe: Command, hub: HubServer, run: Path, tmp_path: Path
) -> None:
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 0, done.err
    path = record_of(set(hub.files))
    (tmp_path / "record.json").write_bytes(hub.files[path])
    metrics = json.loads(hub.files[f"{place_of(run)}/metrics.json"])
    record = read_record(tmp_path / "record.json")
    for task, values in metrics["tasks"].items():
        assert record[task] == {name: values[name] for name in record[task]}
    assert len(record) == 2
    organisation = json.loads(hub.files[path])["source_metadata"]["source_organization_name"]
    assert organisation == "teaville"


def test_a_gated_repository_gets_results(unisafe: Command, hub: HubServer, run: Path) -> None:
    hub.visibility = "gated"
    assert unisafe("push", run, "--repo", REPO).code == 0
    assert default_files(run) < set(hub.files)


@pytest.mark.parametrize("visibility", ["public", "unsaid"])
def test_a_repository_that_is_not_known_to_be_closed_gets_nothing(
    unisafe: Command, hub: HubServer, run: Path, visibility: str
) -> None:
    hub.visibility = visibility  # type: ignore[assignment]
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert f"unisafe: {REPO} is public: make it private or gated in its settings" in done.err
    assert (hub.files, hub.steps) == ({}, ["info"])


@pytest.mark.parametrize("visibility", ["gated", "public"])
def test_outputs_go_to_a_private_repository_only(
    unisafe: Command, hub: HubServer, run: Path, visibility: str
) -> None:
    hub.visibility = visibility  # type: ignore[assignment]
    done = unisafe("push", run, "--repo", REPO, "--with-outputs")
    assert done.code == 1
    assert "model outputs are pushed to a private repository only" in done.err
    assert (hub.files, hub.steps) == ({}, ["info"])


def test_outputs_go_along_when_asked_for_and_it_is_said_what_that_means(
    unisafe: Command, hub: HubServer, demo_run: Callable[[str], Path]
) -> None:
    folder = demo_run("demo")
    (folder / "output_only_verdicts.jsonl").write_bytes((folder / "verdicts.jsonl").read_bytes())
    done = unisafe("push", folder, "--repo", REPO, "--with-outputs")
    assert done.code == 0, done.err
    assert "--with-outputs uploads what the model wrote and drew" in done.err
    expected = {
        f"{place_of(folder)}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.json"
    }
    assert len(expected) > 40
    assert {path: hub.files.get(path) for path in expected} == expected
    assert set(hub.files) - set(expected) == {
        record_of(set(hub.files)),
        cases_of(set(hub.files)),
        f"{place_of(folder)}/run.json",
    }


def test_a_dry_run_lists_everything_and_asks_the_hub_nothing(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    listed = unisafe("push", run, "--repo", REPO, "--dry-run")
    assert listed.code == 0
    assert hub.steps == []
    assert "4 files" in listed.out.splitlines()[-1]
    assert f"would be uploaded to {REPO}, which was not looked at" in listed.out
    unisafe("push", run, "--repo", REPO)
    assert {line.split()[-1] for line in listed.lines[:-1]} == set(hub.files)


def test_a_push_again_changes_nothing_and_is_no_error(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    unisafe("push", run, "--repo", REPO)
    before = dict(hub.files)
    assert unisafe("push", run, "--repo", REPO).code == 0
    assert hub.files == before
    assert hub.steps.count("commit") == 1


def test_several_runs_go_in_one_commit(
    unisafe: Command, hub: HubServer, run: Path, tmp_path: Path
) -> None:
    other = synthetic_run(
        tmp_path / "unisafe-turnip", ["TT"], settings={"model": "teaville/turnip-7b"}
    )
    assert unisafe("push", run, other, "--repo", REPO).code == 0
    assert hub.steps.count("commit") == 1
    assert default_files(run) | default_files(other) < set(hub.files)
    assert len(hub.files) == 8


def test_another_run_in_a_folder_of_the_same_name_lies_beside_the_first(
    unisafe: Command, hub: HubServer, run: Path, tmp_path: Path
) -> None:
    assert unisafe("push", run, "--repo", REPO, "--with-outputs").code == 0
    first = dict(hub.files)
    other = synthetic_run(
        tmp_path / "elsewhere" / run.name, ["TT"], settings={"ended": "2026-03-02T11:30:00+00:00"}
    )
    assert unisafe("push", other, "--repo", REPO).code == 0
    assert {path: hub.files[path] for path in first} == first
    assert default_files(other) < set(hub.files) - set(first)
    assert unisafe("push", run, other, "--repo", REPO).code == 0


def test_one_run_in_two_folders_is_not_mixed(
    unisafe: Command, hub: HubServer, run: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / run.name
    shutil.copytree(run, copy)
    done = unisafe("push", run, copy, "--repo", REPO)
    assert done.code == 1
    name = place_of(run).removeprefix("runs/")
    assert f"two of these folders hold the same run, {name}: push one of them" in done.err
    assert hub.steps == []


# --- credentials ---


def test_a_credential_in_run_json_stops_the_push_and_is_not_printed(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    rewrite(run, "run.json", gen_kwargs=f"called with {TOKEN}")
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert f"{place_of(run)}/run.json holds what looks like a credential" in done.err
    assert TOKEN not in done.out + done.err
    assert hub.steps == []


@pytest.mark.parametrize(
    "change",
    [
        {"error": "server said: api_key=carrotcarrot"},
        {"output_text": f"My token is {TOKEN}"},
        {"reasoning": "Use sk-carrotcarrotcarrotcarrot"},
    ],
)
def test_a_credential_in_an_output_stops_the_push_by_file_and_line(
    unisafe: Command, hub: HubServer, run: Path, change: dict[str, str]
) -> None:
    rows = samples.rows_of_file(run / "predictions.jsonl")
    rows[1] |= change
    samples.write_rows(run / "predictions.jsonl", rows)
    assert unisafe("push", run, "--repo", REPO).code == 0
    steps = list(hub.steps)
    done = unisafe("push", run, "--repo", REPO, "--with-outputs")
    assert done.code == 1
    assert "predictions.jsonl, line 2" in done.err
    assert "holds what looks like a credential" in done.err
    assert next(iter(change.values())) not in done.err
    assert hub.steps == steps


def test_a_model_that_writes_of_keys_and_passwords_is_no_leak(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    rows = samples.rows_of_file(run / "predictions.jsonl")
    rows[0] |= {"output_text": "The key: patience. The password: turnip."}
    samples.write_rows(run / "predictions.jsonl", rows)
    done = unisafe("push", run, "--repo", REPO, "--with-outputs")
    assert done.code == 0, done.err
    assert f"{place_of(run)}/predictions.jsonl" in hub.files


@pytest.mark.parametrize("name", ["predictions.jsonl", "images/TI-c1-1-0.png", "images"])
def test_a_link_in_a_run_folder_is_not_followed(
    unisafe: Command, hub: HubServer, run: Path, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "diary"
    path = run / name
    if name == "images":
        path.rmdir()
        secret.mkdir()
    elif path.exists():
        path.rename(secret)
    else:
        secret.write_bytes(b"Dear diary")
    path.symlink_to(secret)
    done = unisafe("push", run, "--repo", REPO, "--with-outputs")
    assert done.code == 1
    assert "is a link, not a file of the run: nothing was uploaded" in done.err
    assert hub.steps == []


# --- a hub that fails ---


NOT_FOUND = Answer("{}", 404, {"X-Error-Code": "RepoNotFound"})
BAD_TOKEN = Answer("{}", 401, {"X-Error-Message": "Invalid credentials in Authorization header"})
FORBIDDEN = Answer('{"error": "You need write access"}', 403)
BROKEN = Answer("<html>oops</html>", 500)


@pytest.mark.parametrize(
    ("step", "fault", "sentence"),
    [
        ("info", NOT_FOUND, f"there is no data set repository {REPO} that the account of HF_TOKEN"),
        (
            "info",
            BAD_TOKEN,
            "the hub answers 401: it does not know HF_TOKEN, or teaville/results is",
        ),
        ("commit", BAD_TOKEN, "the hub answers 401: it does not know HF_TOKEN"),
        ("info", BROKEN, f"nothing is known to have arrived in {REPO}, the hub failed: "),
        ("info", Answer("no json"), "the hub failed: "),
        ("preupload", FORBIDDEN, f"the account of HF_TOKEN may not write to {REPO}"),
        ("commit", FORBIDDEN, f"the account of HF_TOKEN may not write to {REPO}"),
        ("commit", NOT_FOUND, f"there is no data set repository {REPO}"),
        ("commit", BROKEN, "the hub failed: Server error '500"),
    ],
)
def test_a_failure_of_the_hub_is_one_sentence(
    unisafe: Command, hub: HubServer, run: Path, step: str, fault: Answer, sentence: str
) -> None:
    hub.faults[step] = fault
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert TOKEN not in done.out + done.err
    assert "uploaded" not in done.out
    assert hub.files == {}


def test_without_a_hub_the_push_says_so(
    unisafe: Command, hub: HubServer, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert f"nothing is known to have arrived in {REPO}, the hub failed: " in done.err


@pytest.mark.parametrize("repo", ["teaville/rüben", "a/b/c", "a b"])
def test_a_name_that_is_none_is_an_error(
    unisafe: Command, hub: HubServer, run: Path, repo: str
) -> None:
    done = unisafe("push", run, "--repo", repo)
    assert done.code == 1
    assert "is no name of a repository: expected ORG/NAME" in done.err
    assert hub.steps == []


def test_files_that_the_repository_ignores_are_not_called_uploaded(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    hub.ignored = ("metrics.json",)
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert f"1 of 4 files did not arrive in {REPO}, {place_of(run)}/metrics.json" in done.err


# --- runs that are not fit to be pushed ---


def test_a_marked_run_may_go_and_its_marks_with_it(
    unisafe: Command, hub: HubServer, tmp_path: Path
) -> None:
    folder = synthetic_run(tmp_path / "unisafe-part", ["TT"], settings={"limited": True})
    done = unisafe("push", folder, "--repo", REPO)
    assert done.code == 0
    assert "Only a part of the cases was run" in done.err
    record = json.loads(hub.files[record_of(set(hub.files))])
    assert record["source_metadata"]["additional_details"]["limited"] == "true"
    assert info_of(folder)["limited"] is True


def test_a_run_that_was_not_judged_is_not_pushed(
    unisafe: Command, hub: HubServer, run: Path
) -> None:
    rewrite(run, "run.json", panel=None)
    (run / "verdicts.jsonl").unlink()
    done = unisafe("push", run, "--repo", REPO)
    assert done.code == 1
    assert "was not judged" in done.err
    assert hub.steps == []
