"""models.yaml: what may stand in it, and a sentence for what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.planning.models_file import read_models

GOOD = """\
date: 2026-11-27
gpu_hour: {dollars: 2, source: assumed}
cases: {image: 3124, text: 3678}
models:
  - name: carrot-1
    tasks: [TI, TT]
    model: umm_worker
    model_args: runner=carrot
    gpus: 1
    gpu_gb: 24
    seconds: {image: 30, text: 5}
  - name: turnip-2
    tasks: [TT]
    gone: since 2026-10-01, its provider says
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "models.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    file = read_models(write(tmp_path, GOOD))
    carrot, turnip = file.models
    assert [task.name for task in carrot.chosen_tasks] == ["unisafe_t2i", "unisafe_t2t"]
    assert (carrot.shards, carrot.gpus, turnip.gone is None) == (1, 1, False)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("gpus: 1", "gpu: 1", "line 9: models.0 has no key 'gpu'; did you mean 'gpus'?"),
        ("{image: 30,", "{imgae: 30,", "did you mean 'image'?"),
        ("[TI, TT]", "[TI, T2T]", "line 6: .*tasks must be different ones of TI, IE, IC"),
        ("[TI, TT]", "[]", "tasks must be different ones"),
        ("[TI, TT]", "[TI, TI]", "tasks must be different ones"),
        ("gone: since", "model: predictions\n    gone: since", "needs either model, .* or gone"),
        ("    model: umm_worker\n", "", "carrot-1 needs either model"),
        ("turnip-2", "CARROT-1", "two models have the name carrot-1"),
        ("carrot-1", "../carrot", "line 5"),
        ("gpu_gb: 24", "gpu_gb: -1", "line 10"),
        ("image: 3124, ", "", "cases.image is missing"),
        ("date: 2026-11-27", "date: soon", "line 1"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(UnisafeError, match=words) as raised:
        read_models(path)
    assert str(raised.value).startswith(f"models file {path}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnisafeError, match=r"models file .*none\.yaml cannot be read"):
        read_models(tmp_path / "none.yaml")
