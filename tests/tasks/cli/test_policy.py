"""A policy of one's own by the commands: started, checked, shown, and judged by end to end."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Answer, JudgeServer, verdict
from tests.tasks import samples
from tests.tasks.commands import Command, info_of, metrics_of, some
from unisafe_judges import PanelError
from unisafe_judges.rubrics import load_policy_file
from unisafe_tasks import Source
from unisafe_tasks.errors import RunError
from unisafe_tasks.harnesses.preflight import check_run
from unisafe_tasks.self_awareness.judged_run import judged_run

Serve = Callable[..., JudgeServer]
Panels = Callable[..., Path]

TEXT_ONLY = """\
name: tea
version: 3
taxonomy:
  text:
    - category: Tea
      subcategories: [{code: T1, name: Milk, description: The answer leaves out milk.}]
"""


def system_of(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


def by_policy(body: dict[str, Any]) -> Answer:
    """A judge that names the first code of the policy it is sent for half of the cases."""
    said = system_of(body)
    listing = said.split("any of these subcategories:")[1].split("How to decide")[0]
    code = re.findall(r"^  (\S+) ", listing, re.M)[0]
    if len(json.dumps(body)) % 2:
        return verdict(judgment=1, risk_rating=3, categories=[code])
    return verdict(judgment=0, risk_rating=1, categories=[])


@pytest.fixture
def policy(unisafe: Command, tmp_path: Path) -> Path:
    """What a new user has after `policy new`."""
    path = tmp_path / "policy.yaml"
    done = unisafe("policy", "new", path)
    assert done.code == 0, done.err
    assert done.out.endswith("rubric: ./policy.yaml\n")
    return path


@pytest.fixture
def panel(tmp_path: Path) -> Panels:
    def write(server: JudgeServer, rubric: str = "./policy.yaml", ensemble: str = "") -> Path:
        path = tmp_path / "panel.yaml"
        path.write_text(
            f"rubric: {rubric}\n{ensemble}judges:\n  - name: local\n"
            f"    backend: openai-compatible\n    model: judge\n    base_url: {server.base_url}\n"
        )
        return path

    return write


# --- new, check, show ---


def test_a_new_policy_is_valid_and_is_never_written_over(
    unisafe: Command, policy: Path, tmp_path: Path
) -> None:
    done = unisafe("policy", "check", policy)
    rubric = load_policy_file(policy)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"{policy} can be used: policy house-rules 1 ({rubric.sha256[:12]}), "
        "2 image subcategories, 2 text subcategories\n"
    )
    policy.write_text(TEXT_ONLY)
    again = unisafe("policy", "new", policy)
    assert (again.code, again.err) == (
        1,
        f"unisafe: {policy} exists already: name another file\n",
    )
    assert policy.read_text() == TEXT_ONLY
    other = unisafe("policy", "new", tmp_path / "policy.txt")
    assert other.code == 1
    assert "must end in .yaml" in other.err


def test_check_says_all_that_is_wrong(unisafe: Command, policy: Path) -> None:
    policy.write_text(TEXT_ONLY.replace("name: tea", "name: paper").replace("T1, name", "T 1, nam"))
    done = unisafe("policy", "check", policy)
    assert done.code == 1
    assert done.err == (
        f"unisafe: policy file {policy} has 4 errors:\n"
        "  line 1: name: a rubric 'paper' exists already; choose another name\n"
        "  line 6: a subcategory of taxonomy.text has no key 'nam'; did you mean 'name'?\n"
        "  line 6: code in taxonomy.text must be of letters, digits, '.', '_' and '-', and begin "
        "with a letter or a digit\n"
        "  line 6: subcategory T 1 of taxonomy.text has no name\n"
    )


def test_show_prints_what_a_judge_is_sent(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    server = serve(by_policy)
    for scenario in ("TI", "unisafe_t2t"):
        shown = unisafe("policy", "show", policy, "--scenario", scenario)
        assert shown.code == 0, shown.err
        head, sent = shown.out.split("\n--- system ---\n")
        case = head.split()[1].rstrip(",")
        system, user = sent.split("\n--- user ---\n")
        code = case.rpartition("/")[2]
        outputs = some(tmp_path / code, code, count=1)
        done = unisafe("judge", outputs, "--panel", panel(server), "--out", tmp_path / "run")
        assert done.code == 0, done.err
        body = next(each for each in server.requests if system_of(each) == system)
        texts = [part["text"] for part in body["messages"][1]["content"] if part["type"] == "text"]
        assert texts
        assert all(text in user for text in texts)


def test_show_takes_the_first_task_that_the_policy_is_for(unisafe: Command, policy: Path) -> None:
    policy.write_text(TEXT_ONLY)
    assert "/TT, rubric tea (" in unisafe("policy", "show", policy).out
    done = unisafe("policy", "show", policy, "--scenario", "TI")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(
        "unisafe: the policy tea has no taxonomy for image outputs, which unisafe_t2i makes: add "
        "taxonomy.image to its file, or choose other tasks\n"
    )


# --- judged end to end ---


def test_the_demo_is_judged_by_a_new_users_policy(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    server, run = serve(by_policy), tmp_path / "run"
    # What the user changes.
    text = policy.read_text().replace("code: A1", "code: DOSE").replace("[A1]", "[DOSE]")
    policy.write_text(text)
    words = ("judge", "demo", "--panel", panel(server), "--out", run)
    done = unisafe(*words)
    assert done.code == 0, done.err

    rubric = info_of(run)["panel"]["rubric"]
    assert (rubric["name"], rubric["version"]) == ("house-rules", "1")
    assert rubric["sha256"] == load_policy_file(policy).sha256
    assert rubric["codes"]["text"] == {"DOSE": "Medical doses", "A2": "Promises of profit"}
    assert (run / "policy.yaml").read_text() == text

    rows = samples.rows_of_file(run / "verdicts.jsonl")
    counts = Counter((row["scenario_type"], code) for row in rows for code in row["violated"])
    assert {code for _, code in counts} == {"B1", "DOSE"}
    tasks = metrics_of(run)["tasks"]
    assert len(tasks) == 7
    for name, code in (("unisafe_t2i", "TI"), ("unisafe_t2t", "TT"), ("unisafe_mt2i", "MT")):
        used = "DOSE" if code == "TT" else "B1"
        table = tasks[name]["policy"]
        assert table["codes"][used]["outputs"] == counts[code, used] > 0
        assert table["scored"] == tasks[name]["scored"]
        assert table["without_code"]["outputs"] == 0

    shown = [line for line in done.lines if line.startswith(("DOSE ", "B1 ", "code "))]
    assert [line.split()[0] for line in shown] == ["code", "B1", "code", "DOSE"]
    assert shown[3].startswith(f"DOSE Medical doses {counts['TT', 'DOSE']} ")
    silent = "No output is under A2 in unisafe_t2t, unisafe_i2t, unisafe_it2t."
    assert silent in done.lines

    # The stored run gives the same, and nothing is asked twice.
    assert unisafe("score", run, "--json").out.encode() == (run / "metrics.json").read_bytes()
    asked, before = len(server.requests), metrics_of(run)
    assert unisafe(*words).code == 0
    assert len(server.requests) == asked
    assert metrics_of(run) == before


def test_a_run_of_another_panel_that_goes_on_leaves_no_policy_there(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    server, run = serve(by_policy), tmp_path / "run"
    outputs = some(tmp_path / "in", "TT")
    assert unisafe("judge", outputs, "--panel", panel(server), "--out", run).code == 0
    assert (run / "policy.yaml").is_file()
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(info | {"status": "stopped"}))
    ours = panel(server, rubric="unisafe-v1")
    done = unisafe("judge", outputs, "--panel", ours, "--out", run)
    assert done.code == 0
    assert not (run / "policy.yaml").exists()
    assert "policy" not in metrics_of(run)["tasks"]["unisafe_t2t"]
    assert "codes" not in done.out


def test_runs_by_other_words_are_in_other_tables(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    server, outputs = serve(by_policy), some(tmp_path / "in", "TT")
    runs = [tmp_path / name for name in ("one", "two", "ours")]
    words = ("judge", outputs, "--panel")
    assert unisafe(*words, panel(server), "--out", runs[0]).code == 0
    policy.write_text(policy.read_text().replace("version: 1", "version: 2"))
    assert unisafe(*words, panel(server), "--out", runs[1]).code == 0
    assert unisafe(*words, panel(server, rubric="unisafe-v1"), "--out", runs[2]).code == 0
    board = unisafe("leaderboard", *runs)
    assert board.code == 0, board.err
    for rubric in ("house-rules 1", "house-rules 2", "unisafe-v1"):
        assert f"rubric {rubric}, data demo" in " ".join(board.lines)
    assert "differ in rubrics" in board.out


def test_a_code_that_the_policy_has_not_is_no_code_of_the_table(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    server = serve(lambda body: verdict(categories=["V1", "[red]"]))
    outputs = some(tmp_path / "in", "TT", count=2)
    done = unisafe("judge", outputs, "--panel", panel(server), "--out", tmp_path / "run")
    table = metrics_of(tmp_path / "run")["tasks"]["unisafe_t2t"]["policy"]
    assert table["without_code"]["outputs"] == 2
    assert set(table["codes"]) == {"A1", "A2"}
    assert any(line.startswith("no code of the policy 2") for line in done.lines)


# --- what a policy lacks is told before a call ---


def test_a_task_whose_modality_is_missing_is_refused_before_any_call(
    unisafe: Command,
    serve: Serve,
    policy: Path,
    panel: Panels,
    demo: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy.write_text(TEXT_ONLY)
    server = serve(by_policy)
    sentence = (
        "the policy tea has no taxonomy for image outputs, which unisafe_t2i makes: add "
        "taxonomy.image to its file, or choose other tasks"
    )
    outputs = some(tmp_path / "in", "TI", "TT")
    words = ("judge", outputs, "--panel", panel(server), "--out", tmp_path / "run")
    for done in (
        unisafe(*words),
        unisafe(*words, "--dry-run"),
        unisafe("prompt", outputs, "--case", "demo-001:TI", "--panel", panel(server)),
    ):
        assert (done.code, done.err) == (1, f"unisafe: {sentence}\n")
    monkeypatch.setenv("UNISAFE_PANEL", str(panel(server)))
    with pytest.raises(PanelError) as caught:
        check_run(["unisafe_t2t", "unisafe_t2i"])
    assert str(caught.value) == sentence
    assert not server.requests
    assert not server.first_questions
    assert not (tmp_path / "run").exists()
    assert unisafe(*words, "--task", "TT").code == 0


def test_a_policy_for_texts_alone_is_asked_its_first_question_about_a_text(
    serve: Serve, policy: Path, panel: Panels, demo: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text(TEXT_ONLY)
    server = serve(by_policy)
    monkeypatch.setenv("UNISAFE_PANEL", str(panel(server)))
    check_run(["unisafe_i2t"])
    (body,) = server.first_questions
    assert "T1 Milk" in system_of(body)


def test_a_wrong_policy_is_told_before_any_call(
    unisafe: Command, serve: Serve, policy: Path, panel: Panels, tmp_path: Path
) -> None:
    policy.write_text(TEXT_ONLY.replace("version: 3\n", ""))
    server, outputs = serve(by_policy), some(tmp_path / "in", "TT")
    for more in ((), ("--dry-run",)):
        done = unisafe("judge", outputs, "--panel", panel(server), *more)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            f"unisafe: panel file {tmp_path / 'panel.yaml'}, line 1: rubric: policy file {policy}, "
            "line 1: the file has no version\n"
        )
    assert not server.requests


# --- the policy of a stored run ---


@pytest.fixture
def judged(
    unisafe: Command,
    serve: Serve,
    policy: Path,
    panel: Panels,
    demo: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Path, JudgeServer]:
    """A run by the policy whose outputs a model is to judge; the file it was made of is gone."""
    server, run = serve(by_policy), tmp_path / "run"
    outputs = some(tmp_path / "in", "TT")
    assert unisafe("judge", outputs, "--panel", panel(server), "--out", run).code == 0
    policy.unlink()
    monkeypatch.setenv("UNISAFE_SELF_RUN", str(run))
    return run, server


def test_a_model_judges_itself_by_the_words_of_the_policy(
    judged: tuple[Path, JudgeServer],
) -> None:
    _, server = judged
    run = judged_run()
    document = run.documents[0]
    prompt = run.prompt(document["id"], "TT")
    assert prompt.instructions in {system_of(body) for body in server.requests}


def test_a_run_without_its_policy_says_what_is_missing(judged: tuple[Path, JudgeServer]) -> None:
    run, _ = judged
    file = run / "policy.yaml"
    text = file.read_text()
    file.unlink()
    with pytest.raises(RunError) as caught:
        judged_run()
    assert str(caught.value) == (
        f"UNISAFE_SELF_RUN: run {run} was judged by the policy house-rules 1, and the file of that "
        "policy is missing: put it into the run folder as policy.yaml"
    )
    file.write_text(text.replace("Plain shapes", "Shapes"))
    with pytest.raises(RunError) as caught:
        judged_run()
    assert str(caught.value) == (
        f"UNISAFE_SELF_RUN: {file} is not the policy house-rules 1 as it judged the run, or our "
        "words around it have changed since: put that file there, or judge the run again"
    )
    file.write_text("name: [")
    with pytest.raises(RunError, match=f"UNISAFE_SELF_RUN: policy file {file} is not valid YAML"):
        judged_run()


def test_a_stored_run_scores_without_its_policy_file(
    judged: tuple[Path, JudgeServer], unisafe: Command
) -> None:
    run, _ = judged
    (run / "policy.yaml").unlink()
    assert unisafe("score", run, "--json").out.encode() == (run / "metrics.json").read_bytes()


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        ([], "panel.rubric.codes is [], expected an object"),
        ({"text": 3}, "panel.rubric.codes.text is 3, expected an object"),
        ({"text": {"A1": 3}}, "panel.rubric.codes.text.A1 is 3, expected a text"),
    ],
)
def test_damaged_codes_are_named(
    codes: Any, sentence: str, judged: tuple[Path, JudgeServer], unisafe: Command
) -> None:
    run, _ = judged
    info = info_of(run)
    info["panel"]["rubric"]["codes"] = codes
    (run / "run.json").write_text(json.dumps(info))
    done = unisafe("score", run)
    assert (done.code, done.err) == (1, f"unisafe: {run / 'run.json'}: {sentence}\n")


def test_damaged_verdicts_are_named(judged: tuple[Path, JudgeServer], unisafe: Command) -> None:
    run, _ = judged
    rows = samples.rows_of_file(run / "verdicts.jsonl")
    for damaged in ("A1", [3], {"A1": 1}):
        rows[1]["violated"] = damaged
        samples.write_rows(run / "verdicts.jsonl", rows)
        done = unisafe("score", run)
        assert done.code == 1
        assert "violated is not a list of codes" in done.err
    # Earlier versions did not write it.
    del rows[1]["violated"]
    samples.write_rows(run / "verdicts.jsonl", rows)
    assert unisafe("score", run).code == 0


def test_a_report_has_the_policys_codes(
    judged: tuple[Path, JudgeServer], unisafe: Command, tmp_path: Path
) -> None:
    run, _ = judged
    done = unisafe("report", run, "--out", tmp_path / "report")
    assert done.code == 0, done.err
    page = (tmp_path / "report" / "report.html").read_text()
    assert "house-rules 1" in page
    section = page.split("By the codes of the judges' policy")[1].split("</section>")[0]
    table = metrics_of(run)["tasks"]["unisafe_t2t"]["policy"]
    for code, facts in table["codes"].items():
        count = f"{facts['outputs']:.0f} of {table['scored']}"
        row = section.split(f"<bdi>{code}</bdi>")[1].split("</tr>")[0]
        assert facts["name"] in row
        assert f"<bdi>{count}</bdi>" in row
