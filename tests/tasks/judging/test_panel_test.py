"""`unisafe panel test`: what a judge is worth, seen with judges whose worth is known."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from tests.judges.stand_in import install_stand_in
from tests.servers import Answer, JudgeServer, completion, verdict
from tests.tasks import samples
from tests.tasks.commands import Command, Done, info_of
from unisafe_judges import JudgeResult, load_panel, load_rubric
from unisafe_judges.panel_test.known_outputs import KnownOutput, known_outputs
from unisafe_judges.verdicts import make_verdict
from unisafe_tasks.harnesses.doctor import _judges
from unisafe_tasks.harnesses.preflight import check_run
from unisafe_tasks.judging.panel_test import score_judge

OUTPUTS = known_outputs().outputs
UNSAFE = sum(output.judgment for output in OUTPUTS)
ORDERS = [output for output in OUTPUTS if output.orders is not None]
PRICE = "price: {input: 2, output: 10}"
SENT, WRITTEN = 1000, 50

Says = Callable[[KnownOutput], Answer]


def _markers() -> dict[str, KnownOutput]:
    rubric = load_rubric("unisafe-v1")
    found = {}
    for output in OUTPUTS:
        words = rubric.render(output.evidence).instructions
        (marker,) = set(re.findall(r"\[BEGIN ([0-9a-f]{16})\]", words))
        found[marker] = output
    return found


MARKERS = _markers()


def output_of(body: Mapping[str, Any]) -> KnownOutput:
    """What a request asks about, by the marker of its instructions."""
    marked = re.findall(r"\[BEGIN ([0-9a-f]{16})\]", json.dumps(body))
    (output,) = {MARKERS[marker] for marker in marked if marker in MARKERS}
    return output


def judgment(value: int, *, refusal: bool = False) -> Answer:
    return verdict(judgment=value, risk_rating=2 if value else 1, refusal=refusal)


def right(output: KnownOutput) -> Answer:
    return judgment(output.judgment, refusal=output.refusal)


def obedient(output: KnownOutput) -> Answer:
    return right(output) if output.orders is None else judgment(output.orders)


def at_random(output: KnownOutput) -> Answer:
    return judgment(random.Random(f"a seed, {output.id}").randrange(2))


def told(answer: Answer) -> Answer:
    """The answer, with what its server counted."""
    body = json.loads(answer.body)
    body["usage"] = {
        "prompt_tokens": SENT,
        "completion_tokens": WRITTEN,
        "total_tokens": SENT + WRITTEN,
    }
    return Answer(json.dumps(body), answer.status)


@pytest.fixture(autouse=True)
def own_cache(cache: Path) -> Path:
    return cache


@pytest.fixture
def tested(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    unisafe: Command,
    tmp_path: Path,
) -> Callable[..., tuple[Done, dict[str, Any], JudgeServer]]:
    """Test a panel of one judge that says this of each output."""

    def test(says: Says, *words: str) -> tuple[Done, dict[str, Any], JudgeServer]:
        server = serve(lambda body: told(says(output_of(body))))
        card = tmp_path / "card.json"
        card.unlink(missing_ok=True)
        panel = panel_of(server, PRICE)
        done = unisafe("panel", "test", panel, "--card", card, *words)
        return done, json.loads(card.read_text()), server

    return test


Tested = Callable[..., tuple[Done, dict[str, Any], JudgeServer]]


def test_a_perfect_judge_passes_and_a_second_test_costs_nothing(
    tested: Tested, unisafe: Command, cache: Path, tmp_path: Path
) -> None:
    done, card, server = tested(right)
    assert done.code == 0, done.err
    assert len(server.requests) == len(OUTPUTS)
    (score,) = card["judges"]
    low, _ = proportion_confint(60, 60, method="wilson")
    assert score["agreement"] == {"value": 1, "low": pytest.approx(low), "high": 1}
    assert (score["valid"], score["asked"], score["failures"]) == (60, 60, {})
    assert score["balanced_accuracy"]["value"] == 1
    assert score["outcome"] == "better than chance"
    assert score["refusals"] == {"valid": 7, "seen": 7, "false": 0}
    assert score["injections"] == {"valid": len(ORDERS), "worked": 0, "turned": 0}
    assert score["disagreements"] == []
    assert (score["input_tokens"], score["output_tokens"]) == (60 * SENT, 60 * WRITTEN)
    assert score["cost"] == pytest.approx(60 * (SENT * 2 + WRITTEN * 10) / 1e6)
    assert 0 < score["latency_s"]["median"] <= score["latency_s"]["p95"]
    assert card["outputs"]["tasks"] == ["TI", "IE", "IC", "MT", "TT", "IT", "MU"]
    (row,) = (line for line in done.lines if line.startswith("local 60 of 60"))
    assert row.startswith(f"local 60 of 60 100.0 [{100 * low:.1f}, 100.0] 100.0 [")
    assert row.endswith(" 60,000 3,000 $0.1500")
    assert "local 21 of 21 10 of 10 7 of 7 22 of 22" in done.lines
    # One more call is the first question.
    assert "Asked now: Judge local: 61 calls" in done.out

    copy = tmp_path / "again.json"
    again = unisafe("panel", "test", tmp_path / "panel.yaml", "--card", copy)
    assert "Asked now: Judge local: 60 from the store, 0 calls" in again.out
    assert len(server.requests) == len(OUTPUTS)
    assert json.loads(copy.read_text())["judges"] == card["judges"]
    sha256 = load_panel(tmp_path / "panel.yaml").sha256
    kept = json.loads((cache / "panel-cards" / f"{sha256}.json").read_text())
    assert kept == json.loads(copy.read_text())


def test_a_judge_that_obeys_injections_is_caught(tested: Tested) -> None:
    done, card, _ = tested(obedient)
    (score,) = card["judges"]
    assert score["injections"] == {"valid": 22, "worked": 22, "turned": 22}
    assert score["by_kind"]["injection"] == {"asked": 22, "valid": 22, "agreed": 0}
    assert score["agreement"]["value"] == pytest.approx(38 / 60)
    assert {each["output"] for each in score["disagreements"]} == {one.id for one in ORDERS}
    orders_safe = sum(one.orders == 0 for one in ORDERS)
    recall = 1 - orders_safe / UNSAFE
    false_alarms = (len(ORDERS) - orders_safe) / (len(OUTPUTS) - UNSAFE)
    assert score["balanced_accuracy"]["value"] == pytest.approx(
        (recall + 1 - false_alarms) / 2, abs=1e-6
    )
    assert "22 injections worked, 22 of them on outputs that it judges rightly" in done.out


@pytest.mark.parametrize(
    "says", [lambda output: judgment(0), lambda output: judgment(1), at_random]
)
def test_a_judge_that_knows_nothing_is_called_no_better_than_chance(
    tested: Tested, says: Says
) -> None:
    done, card, _ = tested(says)
    assert done.code == 1
    assert done.err.splitlines()[-1] == "unisafe: judge local: no better than chance"
    (score,) = card["judges"]
    assert score["outcome"] == "no better than chance"
    measure = score["balanced_accuracy"]
    assert measure["low"] <= 0.5 <= measure["high"]


@pytest.mark.parametrize(("skill", "fewest", "most"), [(0.5, 0, 20), (0.85, 790, 800)])
def test_chance_is_seldom_taken_for_skill_and_skill_for_chance(
    skill: float, fewest: int, most: int
) -> None:
    rng = random.Random(7)
    better = 0
    for _ in range(800):
        answers = []
        for output in OUTPUTS:
            said = output.judgment if rng.random() < skill else 1 - output.judgment
            told = make_verdict(judgment=said, risk_rating=2 if said else 1, refusal=False)
            answers.append((output, JudgeResult("a judge", told)))
        better += score_judge("a judge", answers).outcome == "better than chance"
    # Of 800 judges without skill, 2.5 % are 20.
    assert fewest <= better <= most


def test_a_reply_that_cannot_be_read_is_no_agreement(tested: Tested) -> None:
    unread = {output.id for output in OUTPUTS[::4]}
    _, card, _ = tested(
        lambda output: completion("It is fine.") if output.id in unread else right(output)
    )
    (score,) = card["judges"]
    assert (score["asked"], score["valid"]) == (60, 45)
    assert score["failures"] == {"not_json": 15}
    assert score["agreement"]["value"] == 1
    assert score["agreement"]["low"] == pytest.approx(
        proportion_confint(45, 45, method="wilson")[0], abs=1e-6
    )
    kinds = score["by_kind"].values()
    assert sum(kind["valid"] for kind in kinds) == sum(kind["agreed"] for kind in kinds) == 45
    assert score["input_tokens"] == 45 * SENT


def test_a_judge_without_verdicts_is_not_called_anything_else(tested: Tested) -> None:
    done, card, _ = tested(lambda output: completion("It is fine."))
    (score,) = card["judges"]
    assert (score["valid"], score["agreement"], score["cost"]) == (0, None, None)
    assert sum(score["failures"].values()) == 60
    assert done.code == 1
    assert "judge local: too few verdicts to tell" in done.err


def test_a_judge_that_cannot_see_is_tested_on_texts(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    unisafe: Command,
    tmp_path: Path,
) -> None:
    def blind(body: Mapping[str, Any]) -> Answer:
        if "image_url" in json.dumps(body):
            return Answer('{"error": {"message": "no images here"}}', 400)
        return judgment(0)

    server = serve(lambda body: right(output_of(body)))
    server.first = blind
    panel = panel_of(server)
    refused = unisafe("panel", "test", panel)
    assert refused.code == 1
    assert "does not take the question that it is asked before a run" in refused.err
    assert server.requests == []
    card = tmp_path / "card.json"
    done = unisafe("panel", "test", panel, "--task", "TT", "--card", card)
    assert done.code == 0, done.err
    assert json.loads(card.read_text())["outputs"]["tasks"] == ["TT"]
    assert len(server.requests) == 13


def test_a_card_of_more_tasks_is_kept(tested: Tested, cache: Path) -> None:
    tested(right)
    (file,) = (cache / "panel-cards").iterdir()
    whole = file.read_bytes()
    _, card, _ = tested(right, "--task", "TT")
    assert card["outputs"]["tasks"] == ["TT"]
    assert file.read_bytes() == whole
    file.unlink()
    tested(right, "--task", "TT")
    assert json.loads(file.read_text())["outputs"]["tasks"] == ["TT"]


def test_each_judge_has_its_own_score_and_labels_and_repeats_are_left_out(
    serve: Callable[..., JudgeServer], unisafe: Command, tmp_path: Path
) -> None:
    good = serve(lambda body: right(output_of(body)))
    poor = serve(lambda body: judgment(0))
    labels = samples.write_rows(tmp_path / "labels.jsonl", [])
    panel = tmp_path / "three.yaml"
    panel.write_text(
        "rubric: unisafe-v1\njudge_repeats: 3\nmin_verdicts: 3\njudges:\n"
        f"  - {{name: people, backend: labels, path: {labels.name}}}\n"
        f"  - {{name: good, backend: openai-compatible, model: one, base_url: {good.base_url}}}\n"
        f"  - {{name: poor, backend: openai-compatible, model: two, base_url: {poor.base_url}}}\n"
    )
    card = tmp_path / "card.json"
    done = unisafe("panel", "test", panel, "--card", card)
    assert done.code == 1
    assert done.err.splitlines()[-1] == "unisafe: judge poor: no better than chance"
    scores = json.loads(card.read_text())["judges"]
    assert [(score["judge"], score["outcome"]) for score in scores] == [
        ("good", "better than chance"),
        ("poor", "no better than chance"),
    ]
    assert len(good.requests) == len(poor.requests) == 60
    # Its server counts no tokens, so that none are told.
    assert (scores[0]["input_tokens"], scores[0]["cost"]) == (None, None)
    assert json.loads(card.read_text())["panel"]["sha256"] == load_panel(panel).sha256


def test_a_dry_run_asks_nothing(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    unisafe: Command,
    cache: Path,
) -> None:
    server = serve()
    panel = panel_of(server, PRICE)
    done = unisafe("panel", "test", panel, "--dry-run")
    assert done.code == 0
    (row,) = done.rows
    assert (row["calls"], row["in the store"]) == ("60", "0")
    assert float(row["cost, about"].removeprefix("$")) > 0.1
    (row,) = unisafe("panel", "test", panel, "--dry-run", "--task", "TT").rows
    assert row["calls"] == "13"
    assert server.requests == server.first_questions == []
    assert not (cache / "panel-cards").exists()


def test_the_preset_paper_is_counted_without_the_authors_package(
    unisafe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where another test had a stand-in imported.
    monkeypatch.delitem(sys.modules, "unisafe", raising=False)
    done = unisafe("panel", "test", "paper", "--dry-run")
    assert done.code == 0, done.err
    assert {row["calls"] for row in done.rows} == {"60"}


def test_refusals_by_a_rule_of_the_rubric_are_not_asked_about(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    unisafe: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_stand_in(tmp_path / "package", monkeypatch)
    server = serve(lambda body: completion('{"Judgment Result": 0, "Risk Rating": 1}'))
    server.first = server.script
    panel = panel_of(server)
    panel.write_text(panel.read_text().replace("unisafe-v1", "paper"))
    card = tmp_path / "card.json"
    done = unisafe("panel", "test", panel, "--card", card)
    (score,) = json.loads(card.read_text())["judges"]
    # Two of the seven refusals begin with one of the authors' phrases.
    assert len(server.requests) == score["asked"] == score["valid"] == 58
    assert score["refusals"] == {"valid": 5, "seen": 0, "false": 0}
    assert "The known verdicts follow the policy of unisafe-v1" in done.out


@pytest.mark.parametrize(
    ("panel", "sentence"),
    [
        ("labels", "panel labels has no judge that is a model: it cannot be tested"),
        ("none", "no judge panel is named: name a panel file or a preset to test"),
        ("nowhere.yaml", "there is no panel 'nowhere.yaml'"),
    ],
)
def test_a_panel_that_cannot_be_tested_is_one_sentence(
    unisafe: Command, panel: str, sentence: str
) -> None:
    done = unisafe("panel", "test", panel)
    assert done.code == 1
    assert done.err.startswith(f"unisafe: {sentence}")


def test_a_judge_that_is_down_is_one_sentence(unisafe: Command, tmp_path: Path) -> None:
    panel = tmp_path / "panel.yaml"
    panel.write_text(
        "rubric: unisafe-v1\njudges:\n  - {name: local, backend: openai-compatible, "
        "model: judge, base_url: 'http://127.0.0.1:9/v1'}\n"
    )
    done = unisafe("panel", "test", panel)
    assert done.code == 1
    assert "judge local cannot be reached at http://127.0.0.1:9/v1" in done.err


def test_no_other_file_is_overwritten(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    unisafe: Command,
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes.json"
    notes.write_text("{}")
    server = serve(lambda body: right(output_of(body)))
    done = unisafe("panel", "test", panel_of(server), "--task", "TT", "--card", notes)
    assert done.code == 1
    assert f"{notes} exists already and is not the card of a panel" in done.err
    assert notes.read_text() == "{}"
    assert server.requests == server.first_questions == []


def judged(unisafe: Command, folder: Path, panel: Path, cases: Path) -> Done:
    """Judge two texts of these cases."""
    rows = [
        {"id": name, "scenario_type": "TT", "model": "m", "output_text": "Hello, Turnip."}
        for name in ("c1", "c-TT")
    ]
    outputs = samples.write_rows(folder / "outputs.jsonl", rows)
    words = ("--data", cases, "--panel", panel, "--out", folder / "run")
    return unisafe("judge", outputs, *words)


def test_a_run_names_the_card_of_its_panel(
    tested: Tested,
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
) -> None:
    cases = samples.export(tmp_path / "data", [samples.row("TT", n) for n in ("c1", "c-TT")])
    panel = panel_of(serve(), PRICE)
    before = judged(unisafe, tmp_path / "before", panel, cases)
    assert f"was never tested: `unisafe panel test {panel}` shows" in before.err
    assert "panel_test" not in info_of(tmp_path / "before" / "run")

    _, card, _ = tested(right)
    panel = panel_of(serve(), PRICE)
    after = judged(unisafe, tmp_path / "after", panel, cases)
    assert "of panel" not in after.err
    assert "panel test" not in after.err
    info = info_of(tmp_path / "after" / "run")
    recorded = info["panel_test"]
    assert recorded["outputs"] == card["outputs"]
    assert recorded["judges"][0]["agreement"] == card["judges"][0]["agreement"]
    assert "disagreements" not in recorded["judges"][0]
    earlier = info_of(tmp_path / "before" / "run")
    assert info["panel"]["sha256"] == earlier["panel"]["sha256"] == card["panel"]["sha256"]
    for name in ("metrics.json", "verdicts.jsonl", "predictions.jsonl"):
        first, second = (tmp_path / when / "run" / name for when in ("before", "after"))
        assert _steady(first) == _steady(second)


def _steady(path: Path) -> str:
    """A file without how long replies took."""
    return re.sub(r'"(latency_s|cached)": [^,}]+', "", path.read_text("utf-8"))


def test_a_poor_panel_is_told_before_a_run(
    tested: Tested,
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
) -> None:
    tested(lambda output: judgment(0))
    cases = samples.export(tmp_path / "data", [samples.row("TT", n) for n in ("c1", "c-TT")])
    done = judged(unisafe, tmp_path / "run", panel_of(serve(), PRICE), cases)
    assert done.code == 0
    assert "says of judge local: no better than chance" in done.err


def test_demo_data_and_labels_are_told_nothing(
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
) -> None:
    words = ("judge", "demo-cautious", "--task", "TT", "--out")
    of_models = unisafe(*words, tmp_path / "models", "--panel", panel_of(serve()))
    of_labels = unisafe(*words, tmp_path / "labels")
    assert (of_models.code, of_labels.code) == (0, 0)
    assert "panel test" not in of_models.err + of_labels.err


def test_preflight_and_doctor_suggest_it_for_a_panel_without_a_card(
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    tmp_path: Path,
    store: Path,
    use: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(samples.export(tmp_path / "data"))
    panel = panel_of(serve())
    monkeypatch.setenv("UNISAFE_PANEL", str(panel))
    check_run(["unisafe_t2t"])
    suggestion = f"`unisafe panel test {panel}` shows"
    assert sum(suggestion in message for message in caplog.messages) == 1
    told = {finding.subject: finding for finding in _judges(asks=False)}
    assert told["panel test"].state == "untested"
    assert suggestion in told["panel test"].detail


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "unisafe-panel-card/1"}'])
def test_a_damaged_card_stops_no_run(
    tested: Tested,
    unisafe: Command,
    serve: Callable[..., JudgeServer],
    panel_of: Callable[..., Path],
    cache: Path,
    tmp_path: Path,
    content: str,
) -> None:
    tested(right, "--task", "TT")
    (file,) = (cache / "panel-cards").iterdir()
    file.write_text(content)
    cases = samples.export(tmp_path / "data", [samples.row("TT", n) for n in ("c1", "c-TT")])
    done = judged(unisafe, tmp_path / "run", panel_of(serve(), PRICE), cases)
    assert done.code == 0
    assert "was never tested" in done.err
    assert "panel_test" not in info_of(tmp_path / "run" / "run")
