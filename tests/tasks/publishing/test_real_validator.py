"""Every Eval Ever's own validator on what `unisafe export` writes; `make test-exports` runs it.

It needs Python 3.12 and packages that do not install beside ours, so that it has an environment of
its own, whose interpreter UNISAFE_EXPORTS_PYTHON names.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.commands import Command
from tests.tasks.publishing.synthetic import FINGERPRINT, PANEL, synthetic_run

PYTHON = os.environ.get("UNISAFE_EXPORTS_PYTHON", "")

pytestmark = pytest.mark.skipif(not PYTHON, reason="the validator has its own: make test-exports")

# The validator's models let through what the schema refuses, so that both are asked.
BY_SCHEMA = """
import json, sys, jsonschema
from every_eval_ever.schema import schema_json
schema = schema_json()
check = jsonschema.validators.validator_for(schema)(schema)
errors = [
    f"{path}: {error.json_path}: {error.message}"
    for path in sys.argv[1:]
    for error in check.iter_errors(json.load(open(path, encoding="utf-8")))
]
print("\\n".join(errors))
sys.exit(bool(errors))
"""

CASES_BY_SCHEMA = """
import json, sys, importlib.resources, jsonschema
schemas = importlib.resources.files("every_eval_ever.schemas")
schema = json.loads((schemas / "instance_level_eval.schema.json").read_text("utf-8"))
check = jsonschema.validators.validator_for(schema)(schema)
errors = [
    f"{path}: {error.json_path}: {error.message}"
    for path in sys.argv[1:]
    for line in open(path, encoding="utf-8")
    for error in check.iter_errors(json.loads(line))
]
print("\\n".join(errors[:20]))
sys.exit(bool(errors))
"""


def samples_of(record: Path) -> Path:
    """The file of a record's cases."""
    return record.with_name(f"{record.stem}_samples.jsonl")


def in_its_environment(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, *map(str, words)], capture_output=True, text=True, timeout=300, check=False
    )


def require_valid(out: Path) -> None:
    """No error and no warning: with either, the format's collection takes no record."""
    records = sorted(out.rglob("*.json"))
    assert records
    by_schema = in_its_environment("-c", BY_SCHEMA, *records)
    assert by_schema.returncode == 0, by_schema.stdout + by_schema.stderr
    files = [file for path in records for file in (path, samples_of(path))]
    cases = in_its_environment("-c", CASES_BY_SCHEMA, *files[1::2])
    assert cases.returncode == 0, cases.stdout + cases.stderr
    done = in_its_environment("-m", "every_eval_ever", "validate", "--format", "json", *files)
    reports = json.loads(done.stdout)
    assert {report["file"] for report in reports} == set(map(str, files))
    assert [report["errors"] + report["warnings"] for report in reports] == [[] for _ in files]
    assert done.returncode == 0


def export(unisafe: Command, folder: Path, out: Path, *words: str) -> None:
    done = unisafe("export", folder, "--format", "every-eval-ever", "--out", out, *words)
    assert done.code == 0, done.err


@pytest.mark.parametrize("model", ["demo", "demo-cautious"])
def test_the_demo_runs_are_valid(
    unisafe: Command, demo_run: Callable[[str], Path], tmp_path: Path, model: str
) -> None:
    export(unisafe, demo_run(model), tmp_path / "o", "--model-id", f"teaville/{model}")
    require_valid(tmp_path / "o")


def test_a_run_with_intervals_and_model_judges_is_valid(
    unisafe: Command, full_run: Path, tmp_path: Path
) -> None:
    export(unisafe, full_run, tmp_path / "o", "--organization", "Teaville University")
    require_valid(tmp_path / "o")


def test_marked_and_partial_runs_and_other_data_are_valid(unisafe: Command, tmp_path: Path) -> None:
    runs = {
        "partial": synthetic_run(tmp_path / "partial", ["TI", "TT"], unscored=["TI"]),
        "limited": synthetic_run(tmp_path / "limited", ["MT"], settings={"limited": True}),
        "majority": synthetic_run(tmp_path / "m", ["IT"], panel=f"ensemble: majority\n{PANEL}"),
    }
    for name, source in (("local", "local:cases"), ("other", "a/b")):
        data = {"source": source, "revision": None, "fingerprint": FINGERPRINT}
        runs[name] = synthetic_run(tmp_path / name, ["IE"], settings={"data": data})
    for name, folder in runs.items():
        export(unisafe, folder, tmp_path / "o", "--model-id", f"teaville/{name}")
    require_valid(tmp_path / "o")


def test_the_validator_is_no_rubber_stamp(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    export(unisafe, two_tasks, tmp_path / "o")
    (path,) = (tmp_path / "o").rglob("*.json")
    record = json.loads(path.read_text("utf-8"))
    record["evaluation_results"][0]["score_details"]["score"] = 1.5
    path.write_text(json.dumps(record))
    with pytest.raises(AssertionError):
        require_valid(tmp_path / "o")


def test_nor_of_the_cases(unisafe: Command, two_tasks: Path, tmp_path: Path) -> None:
    export(unisafe, two_tasks, tmp_path / "o")
    (path,) = (tmp_path / "o").rglob("*_samples.jsonl")
    whole = path.read_text("utf-8")
    for changed in (
        whole.replace('"evaluation_id": "', '"evaluation_id": "another ', 1),
        whole[: whole.rindex("{")],
        whole.replace('"is_correct": false', '"is_correct": "perhaps"', 1),
    ):
        assert changed != whole
        path.write_text(changed, "utf-8")
        with pytest.raises(AssertionError):
            require_valid(tmp_path / "o")
