"""Judging the sample files that harnesses leave."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import JudgeServer
from tests.tasks import samples
from tests.tasks.commands import (
    Command,
    by_case,
    metrics_of,
    rows_by_case,
)


def sample(case: str, code: str, answer: Any, number: int = 0) -> dict[str, Any]:
    """A row as lmms-eval writes it with --predict_only."""
    return {"doc_id": number, "target": f"{case}/{code}", "filtered_resps": answer}


SEAL = "0f1aa9a4ca509328d37cab119f648ada"


@pytest.fixture
def sample_folder(tmp_path: Path) -> Path:
    """A folder of sample files: texts, a sealed text of an adapter, and an image."""
    folder = tmp_path / "tiny__model"
    sealed = {"text": "Carrot cake.", "images": [], "seal": SEAL}
    texts = [
        sample("demo-001", "TT", ["Turnip soup."]),
        sample("demo-002", "TT", "Leek pie."),
        sample("demo-003", "TT", json.dumps(sealed)),
    ]
    samples.write_rows(folder / "20260101_120000_samples_unisafe_t2t.jsonl", texts)
    drawn = folder / "images" / "drawn.png"
    drawn.parent.mkdir()
    drawn.write_bytes(samples.picture())
    os.utime(drawn, (1e9, 1e9))
    answer = json.dumps({"text": "", "images": [str(drawn)]})
    samples.write_rows(
        folder / "20260101_120000_samples_unisafe_t2i.jsonl", [sample("demo-001", "TI", [answer])]
    )
    return folder


def test_sample_files_of_predict_only_are_judged(
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
    sample_folder: Path,
) -> None:
    server = serve(by_case)
    words = ("--panel", panel_of(server), "--out", tmp_path / "run")
    assert unisafe("judge", sample_folder, *words).code == 0
    metrics = metrics_of(tmp_path / "run")
    assert metrics["model"] == "tiny__model"
    assert {name: task["scored"] for name, task in metrics["tasks"].items()} == {
        "unisafe_t2i": 1,
        "unisafe_t2t": 3,
    }
    # A harness writes every case that it asked: the others were not.
    assert all(task["coverage"] == 1 for task in metrics["tasks"].values())
    assert metrics["limited"] is True
    rows = rows_by_case(tmp_path / "run" / "predictions.jsonl")
    texts = [rows[f"demo-00{number}", "TT"]["output_text"] for number in (1, 2, 3)]
    assert texts == ["Turnip soup.", "Leek pie.", "Carrot cake."]
    stored = tmp_path / "run" / rows["demo-001", "TI"]["output_image"]
    assert stored.read_bytes() == samples.picture()


def test_one_sample_file_is_judged_alone(
    unisafe: Command, tmp_path: Path, sample_folder: Path
) -> None:
    (file,) = sample_folder.glob("*_t2t.jsonl")
    unisafe("judge", file, "--panel", "none", "--out", tmp_path / "run")
    metrics = metrics_of(tmp_path / "run")
    assert (metrics["model"], list(metrics["tasks"])) == ("tiny__model", ["unisafe_t2t"])


def test_a_model_that_its_adapter_names_is_the_model_of_every_row(
    unisafe: Command, tmp_path: Path
) -> None:
    sealed = {"text": "Soup.", "images": [], "model": "carrot-7b", "seal": SEAL}
    rows = [sample("demo-001", "TT", "Pie."), sample("demo-002", "TT", json.dumps(sealed))]
    seals = [hashlib.sha256(SEAL.encode()).hexdigest()]
    (tmp_path / "the-run").mkdir()
    (tmp_path / "the-run" / "run.json").write_text(json.dumps({"seals": seals}))
    samples.write_rows(tmp_path / "logs" / "x_samples_unisafe_t2t.jsonl", rows)
    one, two = tmp_path / "one", tmp_path / "two"
    unisafe("judge", tmp_path / "logs", "--panel", "none", "--out", one)
    assert metrics_of(one)["model"] == "carrot-7b"
    assert {row["model"] for row in samples.rows_of_file(one / "predictions.jsonl")} == {
        "carrot-7b"
    }
    assert unisafe("judge", one, "--panel", "none", "--out", two).code == 0
    assert (two / "metrics.json").read_bytes() == (one / "metrics.json").read_bytes()


def test_a_refusal_that_only_a_sample_file_claims_is_judged_like_any_text(
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
) -> None:
    server = serve(by_case)
    claimed = {"text": "Soup.", "images": [], "refusal": "provider", "seal": SEAL}
    rows = [sample("demo-001", "TT", json.dumps(claimed))]
    file = samples.write_rows(tmp_path / "logs" / "x_samples_unisafe_t2t.jsonl", rows)
    unisafe("judge", file, "--panel", panel_of(server), "--out", tmp_path / "run")
    assert len(server.requests) == 1
    assert rows_by_case(tmp_path / "run" / "predictions.jsonl")["demo-001", "TT"]["status"] == "ok"


def test_an_image_outside_the_sample_files_folder_is_never_read(
    unisafe: Command, tmp_path: Path, sample_folder: Path
) -> None:
    (tmp_path / "private.png").write_bytes(samples.picture())
    link = sample_folder / "images" / "link.png"
    link.symlink_to(tmp_path / "private.png")
    (file,) = sample_folder.glob("*_t2i.jsonl")
    for path in (tmp_path / "private.png", link, sample_folder / ".." / "private.png"):
        answer = json.dumps({"text": "", "images": [str(path)], "seal": SEAL})
        samples.write_rows(file, [sample("demo-001", "TI", answer)])
        done = unisafe("judge", sample_folder, "--panel", "none", "--out", tmp_path / "run")
        assert done.code == 1
        assert f"{file}, line 1: names '{path}', which is outside {sample_folder}" in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"target": "demo-001"}], "line 1: target is not the ID/CODE of a UniSAFE case"),
        ([{}], "line 1: target is not the ID/CODE of a UniSAFE case"),
        ([{"target": None}], "line 1: target is not the ID/CODE of a UniSAFE case"),
        ([sample("none", "TT", "x")], "line 1: the data set has no case none/TT"),
        (
            [sample("demo-001", "TT", "x"), sample("demo-001", "TT", "y")],
            "line 2: a second output for demo-001/TT: name one sample file, or a folder with "
            "those of one run",
        ),
    ],
)
def test_a_doubtful_sample_file_is_refused_with_its_line(
    unisafe: Command, tmp_path: Path, rows: list[dict[str, Any]], sentence: str
) -> None:
    file = samples.write_rows(tmp_path / "model" / "x_samples_unisafe_t2t.jsonl", rows)
    done = unisafe("judge", file, "--panel", "none", "--out", tmp_path / "run")
    assert (done.code, done.err) == (1, f"unisafe: {file}, {sentence}\n")


def test_a_folder_without_outputs_is_refused(unisafe: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = unisafe("judge", tmp_path / "empty")
    assert done.code == 1
    assert done.err == (
        f"unisafe: {tmp_path / 'empty'} is neither a run folder nor a folder with a harness's "
        "sample files\n"
    )


def test_a_file_that_is_not_there_is_refused(unisafe: Command) -> None:
    done = unisafe("judge", "demmo")
    assert done.code == 1
    assert "there is no predictions file 'demmo'" in done.err
