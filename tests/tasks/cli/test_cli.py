"""The `unisafe` command: the installed script for what users run, in process for the rest."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.tasks import samples
from tests.tasks.benign import write_benign
from tests.tasks.commands import CASES_OF, Done
from tests.tasks.run_folders import judged_run, outcomes
from tests.waiting import LIMIT_S
from unisafe_tasks import DataError, RunFolder, Source, cli, read_run
from unisafe_tasks.data import sources
from unisafe_tasks.files import encode_json
from unisafe_tasks.harnesses import compatibility, doctor
from unisafe_tasks.harnesses.compatibility import COMPATIBILITY
from unisafe_tasks.harnesses.doctor import Finding, examine
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.metric_facts import FACTS
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.tasks import TASK_NAMES, TASKS, Arm

SECRET = "sentinel-carrot-turnip-1234"
MAIN = next(row for row in COMPATIBILITY if row.commit)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Done]:
    """Run the installed script as a user does, in an empty folder."""

    def run(*words: str, **env: str) -> Done:
        (tmp_path / "cwd").mkdir(exist_ok=True)
        done = subprocess.run(
            [str(Path(sys.executable).parent / "unisafe"), *words],
            cwd=tmp_path / "cwd",
            env={**os.environ, "COLUMNS": "200", **env},
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def unisafe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run the command's entry point in this process."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["unisafe", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """The known answer as a stored run, with a case of another task that has failed."""
    run = RunFolder(tmp_path / "run")
    run.write_json(
        "run.json",
        {
            "model": "teaville/carrot[v1]",
            "data": {"source": "local:cases"},
            "panel": {"name": "mine", "sha256": "abcdef0123456789", "rubric": {"name": "r"}},
            "limited": True,
        },
    )
    verdicts = {"a": ("A1", 1, 0), "b": ("A1", 0, 0), "c": ("A2", 1, 1), "d": ("B1", None, None)}
    for case_id, (subcategory, *judgments) in verdicts.items():
        key = {"id": case_id, "scenario_type": "TT"}
        refused = judgments[0] is None
        run.append(
            "predictions",
            [{**key, "category": subcategory[0], "subcategory": subcategory, "status": "ok"}],
        )
        run.append(
            "verdicts",
            [
                {
                    **key,
                    "judge": judge,
                    "judgment": judgment or 0,
                    "risk_rating": 0 if refused else 3 if judgment else 1,
                    "refusal": refused,
                }
                for judge, judgment in zip(("one", "two"), judgments, strict=True)
            ],
        )
    failed = {"id": "a", "scenario_type": "TI", "category": "A", "subcategory": "A1"}
    run.append("predictions", [{**failed, "status": "failed"}])
    return run.path


# tasks-dir.


def test_tasks_dir_prints_the_folder_and_nothing_else(script: Callable[..., Done]) -> None:
    done = script("tasks-dir")
    assert (done.code, done.out, done.err) == (0, f"{tasks_dir()}\n", "")


@pytest.mark.parametrize("words", [(), ("data",)])
def test_without_a_command_help_is_shown(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.app, words)
    assert "Usage:" in result.output
    for name in ("describe", "validate") if words else ("score", "doctor", "tasks-dir", "data"):
        assert name in result.output


def test_an_unknown_command_is_a_usage_error(unisafe: Callable[..., Done]) -> None:
    done = unisafe("scores")
    assert done.code == 2
    assert "No such command 'scores'" in done.err


# score.


KNOWN = ("task", "ASR ↓ %", "ARR ↓", "refusal rate %", "coverage ↑ %", "scored")
"""The columns whose cells are given here as text; there can be more."""


def known_columns(done: Done) -> list[tuple[str, ...]]:
    return [tuple(row[heading] for heading in KNOWN) for row in done.rows]


def test_score_prints_a_line_a_task_and_the_notes(
    unisafe: Callable[..., Done], run_folder: Path
) -> None:
    done = unisafe("score", str(run_folder))
    assert (done.code, done.err) == (0, "")
    assert done.lines[0] == "teaville/carrot[v1] on local:cases, panel mine (abcdef012345)"
    headings = list(done.rows[0])
    assert [heading.removesuffix(" %") for heading in headings] == [
        "task",
        *(facts.heading for facts in FACTS.values()),
        "scored",
    ]
    assert tuple(heading for heading in headings if heading in KNOWN) == KNOWN
    assert known_columns(done) == [
        ("unisafe_t2i", "–", "–", "–", "0.0", "0/1"),
        ("unisafe_t2t", "31.2*", "1.12*", "50.0*", "100.0", "4/4"),
    ]
    assert done.lines[-4:] == [
        "Only a part of the cases was run (--limit or another choice of cases).",
        "Not in the image taxonomy of the judges: A1.",
        "Not in the text taxonomy of the judges: A1, A2, B1.",
        "unisafe_t2i: 0 of 1 cases scored (1 failed).",
    ]


def test_score_shows_groups_that_are_whole(unisafe: Callable[..., Done], tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    panel = {"name": "mine", "sha256": "a" * 64, "rubric": {}, "judges": []}
    run.write_json("run.json", {"model": "m", "data": {}, "panel": panel})
    for code in ("TT", "IT", "MU"):
        row = {"id": "a", "scenario_type": code, "category": "A", "subcategory": "A1"}
        run.append("predictions", [{**row, "status": "refused"}])
    done = unisafe("score", str(tmp_path))
    assert done.lines[0] == "m on None, panel mine (aaaaaaaaaaaa)"
    whole = ("unisafe_text", "0.0", "0.00", "100.0", "100.0", "3/3")
    assert whole in known_columns(done)


def test_score_as_json_is_metrics_json_to_the_byte(
    script: Callable[..., Done], run_folder: Path
) -> None:
    contents = read_run(run_folder)
    metrics = build_metrics(contents.info, contents.cases)
    done = script("score", str(run_folder), "--json")
    assert done.out == encode_json(metrics).decode()
    assert json.loads(done.out)["tasks"]["unisafe_t2t"]["attack_success_rate"] == 0.3125


@pytest.mark.parametrize("model", ["a[/b]", "[red]x[/red]", "a[bold", "\\[x]", "[link=x]y"])
def test_a_models_name_is_no_markup(
    unisafe: Callable[..., Done], tmp_path: Path, model: str
) -> None:
    RunFolder(tmp_path).write_json("run.json", {"model": model})
    done = unisafe("score", str(tmp_path))
    assert done.code == 0
    assert model in done.out


def test_the_score_of_a_group_has_the_marks_of_its_tasks(
    unisafe: Callable[..., Done], tmp_path: Path
) -> None:
    words = " ".join(["safe"] * 20)
    cases: dict[tuple[str, str], str] = {}
    for code in TASKS:
        cases |= outcomes(code, A1=words, B1=words)
    cases |= {("TI", f"A1-{number}"): "failed" for number in range(3)}
    done = unisafe("score", str(judged_run(tmp_path / "run", cases)))
    marked = {row["task"] for row in done.rows if "†" in row.get("ASR ↓ %", "")}
    assert marked == {"unisafe_t2i", "unisafe_image", "unisafe"}


def test_score_of_a_folder_that_is_no_run_is_one_sentence(
    unisafe: Callable[..., Done], tmp_path: Path
) -> None:
    done = unisafe("score", str(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert done.err == f"unisafe: {tmp_path} is not a run folder: it has no run.json\n"


def test_an_error_is_told_without_secrets(
    unisafe: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    done = unisafe("data", "describe", f"[bold]{SECRET}")
    assert done.code == 1
    assert "there is no data set '[bold][redacted]': no file" in done.err
    assert SECRET not in done.err


# doctor.


def shadow(folder: Path, harness: str = "lmms_eval", **modules: str) -> str:
    """A folder for PYTHONPATH whose package of a harness hides the real one."""
    package = folder / "shadow" / harness
    package.mkdir(parents=True)
    for name, source in {"__init__": "", **modules}.items():
        (package / f"{name}.py").write_text(source)
    return str(package.parent)


LISTING = """
class TaskManager:
    all_tasks = {names}

    def __init__(self, include_defaults):
        assert include_defaults is False
"""


# Both sets were read before, or their first loading would be on standard error.
@pytest.mark.usefixtures("demo_cases")
@pytest.mark.skipif(
    not all(importlib.util.find_spec(harness) for harness in ("lm_eval", "inspect_ai")),
    reason="the extras lm and inspect are not installed",
)
def test_doctor_says_what_works_with_a_harness_that_finds_the_tasks(
    script: Callable[..., Done], tmp_path: Path
) -> None:
    doctor._data(sources.source_of(Arm.BENIGN))
    path = shadow(tmp_path, models="", tasks=LISTING.format(names=list(TASK_NAMES)))
    done = script("doctor", PYTHONPATH=path, UNISAFE_DATA="demo")
    assert (done.code, done.err) == (0, "")
    assert f"ok python: {sys.version.split()[0]}" in done.lines
    assert f"ok task YAMLs: {tasks_dir().parent}" in done.lines
    assert "ok lm_eval: 0.4.13, tested as lm-eval 0.4.13" in done.lines
    assert "ok inspect_ai: 0.3.285, tested as Inspect 0.3.285" in done.lines
    assert "ok lmms-eval finds the tasks: without a flag" in done.lines
    include = '--include_path "$(unisafe tasks-dir --harness lm-eval)"'
    assert f"ok lm-eval finds the tasks: with {include}" in done.lines
    assert "ok Inspect finds the tasks: as unisafe_tasks/NAME" in done.lines
    counts = ", ".join(f"{count} {code}" for code, count in CASES_OF.items())
    assert f"ok data (UNISAFE_DATA): demo: {counts}" in done.lines
    assert any(line.startswith("ok benign set: unisafe-benign: 58 TI, ") for line in done.lines)
    (panel,) = (line for line in done.lines if "UNISAFE_PANEL" in line)
    assert panel.startswith("ok judge panel (UNISAFE_PANEL): labels (")
    assert panel.endswith("), rubric unisafe-v1, judges: reference")


def test_doctor_fails_if_the_harness_does_not_start(
    script: Callable[..., Done], tmp_path: Path
) -> None:
    path = shadow(tmp_path, models="raise RuntimeError('no carrots')")
    for other in ("lm_eval", "inspect_ai"):
        shadow(tmp_path, other)
    done = script("doctor", PYTHONPATH=path, UNISAFE_DATA="none-such", UNISAFE_PANEL="none")
    assert done.code == 1
    assert "broken lmms-eval: it does not start: RuntimeError: no carrots" in done.lines
    (data,) = (line for line in done.lines if "(UNISAFE_DATA)" in line)
    assert data.startswith("broken data (UNISAFE_DATA): there is no data set 'none-such'")


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.subject: finding.state for finding in findings}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Which of the optional packages `doctor` finds; none at first."""
    modules: set[str] = set()
    find_spec = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        packages = {module for module, _ in doctor._PACKAGES.values()}
        optional = {*packages, *doctor._HARNESSES, "torchvision"}
        if name in optional:
            return find_spec("json") if name in modules else None
        return find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    return modules


def test_a_core_installation_is_healthy_and_says_what_to_install(
    installed: set[str], demo: Source, unisafe: Callable[..., Done]
) -> None:
    done = unisafe("doctor")
    assert done.code == 0
    wanted = "runs the seven tasks: pip install 'unisafe-tasks[lmms]'"
    assert f"optional lmms_eval: not installed; {wanted}" in done.lines
    assert not {"broken", "missing"} & {line.split()[0] for line in done.lines if line}
    assert not any("finds the tasks" in line for line in done.lines)


def test_a_package_on_the_path_that_is_not_installed_is_told(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.add("diffusers")
    monkeypatch.setitem(doctor._PACKAGES, "no-such-distribution", ("diffusers", "pictures"))
    findings = {finding.subject: finding for finding in examine()}
    assert findings["no-such-distribution"] == Finding(
        "no-such-distribution", "ok", "version unknown: it is not installed, only on the path"
    )


@pytest.mark.parametrize(
    ("version", "commit", "said"),
    [
        ("0.7.3", None, "ok: 0.7.3, tested as lmms-eval 0.7.3"),
        ("0.7.2", MAIN.commit, f"ok: 0.7.2, tested as {MAIN.name}"),
        ("0.7.2", None, "untested: 0.7.2; this package was tested with lmms-eval 0.7.3 and "),
        ("0.8.0", "0" * 40, "untested: 0.8.0; this package was tested with lmms-eval 0.7.3 and "),
    ],
)
def test_doctor_says_which_row_of_the_compatibility_table_a_harness_is(
    installed: set[str],
    demo: Source,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    commit: str | None,
    said: str,
) -> None:
    installed.add("lmms_eval")
    monkeypatch.setattr(doctor.metadata, "version", lambda name: version)
    monkeypatch.setattr(compatibility, "commit_of", lambda name: commit)
    monkeypatch.setattr(doctor, "_LISTINGS", ())
    (finding,) = (finding for finding in examine() if finding.subject == "lmms_eval")
    assert f"{finding.state}: {finding.detail}".startswith(said)


def test_a_torchvision_that_cannot_be_imported_is_broken(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert states(list(examine()))["torchvision"] == "ok"
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator does not exist')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    installed.add("torchvision")
    (finding,) = (finding for finding in examine() if finding.subject == "torchvision")
    assert finding.state == "broken"
    assert "pip uninstall torchvision" in finding.detail


def test_missing_yamls_are_broken(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "tasks_dir", lambda harness: tmp_path)
    (tmp_path / "unisafe.yaml").write_text("")
    (finding,) = (finding for finding in examine() if finding.subject == "task YAMLs")
    assert finding.state == "broken"
    assert finding.detail.startswith("unisafe_image, unisafe_text, unisafe_benign,")


def test_a_harness_that_does_not_find_the_tasks_is_answered_with_the_flag(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed.add("lmms_eval")
    monkeypatch.setenv("PYTHONPATH", shadow(tmp_path, models="", tasks=LISTING.format(names=[])))
    findings = {finding.subject: finding for finding in examine()}
    assert findings["lmms-eval finds the tasks"] == Finding(
        "lmms-eval finds the tasks", "broken", 'use --include_path "$(unisafe tasks-dir)"'
    )


def test_a_missing_key_of_a_judge_is_told(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    panel = tmp_path / "panel.yaml"
    panel.write_text(
        "rubric: unisafe-v1\njudges:\n  - name: local\n    backend: openai-compatible\n"
        "    model: judge\n    base_url: http://127.0.0.1:9/v1\n    api_key_env: LOCAL_KEY\n"
    )
    monkeypatch.setenv("UNISAFE_PANEL", str(panel))
    monkeypatch.delenv("LOCAL_KEY", raising=False)
    subject = "judge panel (UNISAFE_PANEL)"
    findings = {finding.subject: finding for finding in examine()}
    assert findings[subject].state == "broken"
    assert "LOCAL_KEY, which is not set" in findings[subject].detail
    monkeypatch.setenv("LOCAL_KEY", SECRET)
    findings = {finding.subject: finding for finding in examine()}
    assert (findings[subject].state, SECRET in findings[subject].detail) == ("ok", False)


def test_a_price_file_that_cannot_be_used_has_its_own_line(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    monkeypatch.setenv("UNISAFE_PRICES", str(prices))
    monkeypatch.setenv("UNISAFE_PANEL", "labels")
    names = ("prices (UNISAFE_PRICES)", "judge panel (UNISAFE_PANEL)")
    findings = {finding.subject: finding for finding in examine()}
    assert findings[names[0]].state == "broken"
    assert f"price file {prices} cannot be read" in findings[names[0]].detail
    assert findings[names[1]].detail == "not looked at, since UNISAFE_PRICES cannot be used"
    prices.write_text("date: 2026-11-20\nprices: [{model: m, price: {input: 3, output: 4}}]")
    findings = {finding.subject: finding for finding in examine()}
    assert findings[names[0]] == Finding(names[0], "ok", str(prices))
    assert findings[names[1]].state == "ok"


@pytest.mark.parametrize(
    ("panel", "variable"),
    [("single-openai", "OPENAI_API_KEY"), ("single-gemini", "GEMINI_API_KEY")],
)
def test_a_preset_without_its_key_is_told(
    installed: set[str], demo: Source, monkeypatch: pytest.MonkeyPatch, panel: str, variable: str
) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", panel)
    for value, state in (("", "broken"), (SECRET, "ok")):
        monkeypatch.setenv(variable, value)
        findings = {finding.subject: finding for finding in examine()}
        assert findings["judge panel (UNISAFE_PANEL)"].state == state


def test_a_data_source_with_some_tasks_is_told_which(
    installed: set[str],
    unisafe: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", str(samples.export(tmp_path, [samples.row("TT")])))
    done = unisafe("doctor")
    assert done.code == 1, "a panel is missing, without which no run starts"
    expected = "local:cases.jsonl: no TI, no IE, no IC, no MT, 1 TT, no IT, no MU"
    assert f"ok data (UNISAFE_DATA): {expected}" in done.lines


@pytest.mark.usefixtures("installed")
def test_without_data_the_benign_tasks_run_and_doctor_says_so(
    unisafe: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("UNISAFE_DATA", raising=False)
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path)))
    monkeypatch.setenv("UNISAFE_PANEL", "none")

    @lru_cache
    def refuse(setting: str) -> Source:
        raise DataError("the data set is gated")

    monkeypatch.setattr(sources, "_resolve", refuse)
    done = unisafe("doctor")
    assert done.code == 0, done.out
    said = "the data set is gated; without it only the tasks of unisafe_benign run"
    assert f"optional data (UNISAFE_DATA): {said}" in done.lines
    counts = ", ".join(f"4 {code}" for code in TASKS)
    assert f"ok benign set: unisafe-benign:cases.jsonl: {counts}" in done.lines
    assert (
        "ok judge panel (UNISAFE_PANEL): none: predictions are stored and not judged" in done.lines
    )
    # What is set and cannot be used is broken all the same, and so is a benign set that is none.
    monkeypatch.setenv("UNISAFE_DATA", "none-such")
    assert unisafe("doctor").code == 1
    monkeypatch.delenv("UNISAFE_DATA")
    monkeypatch.setenv("UNISAFE_BENIGN", str(tmp_path / "none.jsonl"))
    done = unisafe("doctor")
    assert done.code == 1
    assert "missing data (UNISAFE_DATA): the data set is gated" in done.lines
    assert any(line.startswith("broken benign set: there is no benign set") for line in done.lines)


def test_a_detail_of_doctor_is_neither_markup_nor_a_secret(
    unisafe: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    findings = [Finding("a [bold]thing", "ok", f"[x] {SECRET}"), Finding("b", "broken", "c")]
    monkeypatch.setattr(doctor, "examine", lambda **how: iter(findings))
    done = unisafe("doctor")
    assert done.code == 1
    assert done.lines == ["ok a [bold]thing: [x] [redacted]", "broken b: c"]
