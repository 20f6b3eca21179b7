"""The judge that looks verdicts up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from unisafe_judges import (
    CallFailure,
    Evidence,
    FailureKind,
    PanelError,
    PanelSession,
    Verdict,
    load_panel,
    load_rubric,
)
from unisafe_judges.backends.labels import LabelsJudge, read_labels
from unisafe_judges.specs import LabelsSpec


def row_of(evidence: Evidence, **changes: Any) -> dict[str, Any]:
    identity, scenario = evidence.case.split("/")
    row: dict[str, Any] = {
        "id": identity,
        "scenario_type": scenario,
        "output_sha256": evidence.output_sha256,
        "judgment": 1,
        "risk_rating": 2,
        "refusal": False,
        "reasoning": "It says so.",
    }
    return row | changes


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


def ask(path: Path, evidence: Evidence) -> Verdict:
    judge = LabelsJudge(LabelsSpec(name="people", backend="labels", path=path))
    prompt = load_rubric("unisafe-v1").render(evidence)
    answer = asyncio.run(judge.ask(evidence, prompt, {}))
    assert isinstance(answer, Verdict)
    return answer


def refused(path: Path) -> str:
    with pytest.raises(PanelError) as caught:
        read_labels(path)
    return str(caught.value)


# --- look-up ---


def test_a_label_is_found_by_its_case_and_output(path: Path) -> None:
    evidence = text_evidence("Pack a map.")
    path.write_text(lines(row_of(evidence), row_of(text_evidence("Other."), judgment=1)))
    expected = Verdict(judgment=1, risk_rating=2, refusal=False, reasoning="It says so.")
    assert ask(path, evidence) == expected


def test_a_label_of_an_image_is_found_without_reading_the_image(path: Path) -> None:
    evidence = image_evidence(encoded(picture("red")), encoded(picture("blue")))
    path.write_text(lines(row_of(evidence)))
    assert LabelsJudge.needs_images is False
    assert ask(path, evidence).judgment == 1


def test_the_context_is_no_part_of_the_output_that_a_label_is_for(path: Path) -> None:
    path.write_text(lines(row_of(text_evidence("Pack a map.", instruction="One."))))
    assert ask(path, text_evidence("Pack a map.", instruction="Two.")).judgment == 1


def test_another_output_of_the_same_case_has_no_label(path: Path) -> None:
    path.write_text(lines(row_of(text_evidence("Pack a map."))))
    with pytest.raises(CallFailure) as caught:
        ask(path, text_evidence("Pack a map!"))
    assert caught.value.kind is FailureKind.NO_LABEL
    assert str(caught.value) == (
        "no label for demo-001/TT: labels.jsonl labels other outputs of it"
    )


def test_the_same_output_of_another_case_has_no_label(path: Path) -> None:
    path.write_text(lines(row_of(text_evidence(case="demo-001/TT"))))
    with pytest.raises(CallFailure) as caught:
        ask(path, text_evidence(case="demo-002/TT"))
    assert caught.value.kind is FailureKind.NO_LABEL
    assert str(caught.value) == "no label for demo-002/TT: labels.jsonl has no label for it"


def test_a_refusal_without_a_reasoning_is_a_label(path: Path) -> None:
    evidence = text_evidence("No, thank you.")
    row = row_of(evidence, judgment=0, risk_rating=0, refusal=True, reasoning=None)
    path.write_text(lines(row))
    assert ask(path, evidence) == Verdict(judgment=0, risk_rating=0, refusal=True)


def test_a_panel_of_labels_gives_verdicts_and_reports_what_has_none(
    path: Path, tmp_path: Path
) -> None:
    evidence = text_evidence("Pack a map.")
    path.write_text(lines(row_of(evidence)))
    panel = tmp_path / "panel.yaml"
    panel.write_text(
        "rubric: unisafe-v1\njudges: [{name: people, backend: labels, path: labels.jsonl}]\n"
    )
    with PanelSession(load_panel(panel)) as session:
        assert session.check() == {}
        (result,) = session.submit(evidence).result()
        (missing,) = session.submit(text_evidence("Other.")).result()
    assert result.verdict is not None
    assert (result.judge, result.verdict.risk_rating, result.failure) == ("people", 2, None)
    assert (result.raw, result.model_version) == (None, None)
    assert (missing.verdict, missing.failure) == (None, FailureKind.NO_LABEL)


# --- the file ---


def test_blank_lines_are_skipped_and_an_empty_file_has_no_labels(path: Path) -> None:
    path.write_text("\n  \n" + lines(row_of(text_evidence())) + "\r\n")
    assert len(read_labels(path)) == 1
    path.write_text("")
    assert read_labels(path) == {}


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_only_a_newline_ends_a_row(path: Path, separator: str) -> None:
    evidence = text_evidence()
    text = lines(row_of(evidence, reasoning=f"one{separator}two"))
    assert separator in text
    path.write_text(text, "utf-8")
    assert ask(path, evidence).reasoning == f"one{separator}two"


def test_the_same_label_twice_is_one_label(path: Path) -> None:
    path.write_text(lines(row_of(text_evidence()), row_of(text_evidence())))
    assert len(read_labels(path)) == 1


def test_two_different_labels_for_one_output_are_refused(path: Path) -> None:
    first, second = (
        row_of(text_evidence()),
        row_of(text_evidence(), risk_rating=3),
    )
    path.write_text(lines(first, second))
    assert refused(path) == (
        f"label file {path}, line 2: a second, different label for demo-001/TT and the same output"
    )


@pytest.mark.parametrize(
    "line", ["{", "judgment: 0", "{} {}", "[" * 100_000], ids=["open", "words", "two", "deep"]
)
def test_a_line_that_is_no_json_is_named(path: Path, line: str) -> None:
    path.write_text(lines(row_of(text_evidence())) + "\n" + line + "\n")
    assert refused(path).startswith(f"label file {path}, line 3: not valid JSON: ")


@pytest.mark.parametrize("line", ["[]", "1", '"text"', "null"])
def test_a_line_that_is_no_object_is_named(path: Path, line: str) -> None:
    path.write_text(line)
    assert refused(path) == f"label file {path}, line 1: expected a JSON object"


@pytest.mark.parametrize(
    "field", ["id", "scenario_type", "output_sha256", "judgment", "risk_rating"]
)
def test_a_missing_field_is_named_with_its_line(path: Path, field: str) -> None:
    row = row_of(text_evidence())
    del row[field]
    path.write_text(lines(row_of(text_evidence()), row))
    assert refused(path) == f"label file {path}, line 2: {field} is missing"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"judgment": 0, "risk_rating": 3}, "compliant with rating 3"),
        ({"judgment": 1, "risk_rating": 1}, "non-compliant with rating 1"),
        ({"judgment": 0, "risk_rating": 0}, "risk_rating is 0"),
        ({"judgment": True}, "judgment is True"),
        ({"risk_rating": "2"}, "risk_rating is '2'"),
        ({"refusal": 1}, "refusal is 1"),
    ],
)
def test_a_label_that_is_no_verdict_is_named_with_its_line(
    path: Path, changes: dict[str, Any], reason: str
) -> None:
    path.write_text(lines(row_of(text_evidence(), **changes)))
    text = refused(path)
    assert text.startswith(f"label file {path}, line 1: ")
    assert reason in text


def test_a_file_that_is_no_text_is_named(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    assert refused(path).startswith(f"label file {path} cannot be read: ")


def test_a_missing_file_is_named(path: Path) -> None:
    assert refused(path).startswith(f"label file {path} cannot be read: ")
