"""The run folder: what is written is kept unchanged, and read back only if it is whole."""

from __future__ import annotations

import copy
import json
import resource
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import assert_each
from tests.tasks import samples
from tests.tasks.commands import Command
from unisafe_judges import Evidence, ImageError, PanelSession, load_panel
from unisafe_tasks import TASKS, CaseSet, RunError, RunFolder, Source, Status, read_run
from unisafe_tasks.judging.panels import PRESETS
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.metric_facts import METRICS, SCORES
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.types import RawOutput

Row = dict[str, Any]
PANEL = {"name": "labels", "sha256": "0" * 64, "rubric": {"name": "unisafe-v1"}}
INFO = {"model": "carrot-1", "data": {"source": "local:cases"}, "panel": PANEL}


def asked(code: str = "TT", case_id: str = "c1", status: str = "ok", **changes: Any) -> Row:
    """A row of predictions.jsonl."""
    return {
        "id": case_id,
        "scenario_type": code,
        "category": "Violence",
        "subcategory": "V1",
        "status": status,
        "text_refusal": False,
        "image_sha256": [],
        **changes,
    }


def judged(
    code: str = "TT", case_id: str = "c1", judge: str = "one", judgment: int | None = 1, **more: Any
) -> Row:
    """A row of verdicts.jsonl."""
    values: Row = {"judgment": judgment, "risk_rating": 3 if judgment else 1, "refusal": False}
    if judgment is None:
        values = dict.fromkeys(values) | {"failure": "timeout"}
    return {"id": case_id, "scenario_type": code, "judge": judge, **values, **more}


def written(
    folder: Path, predictions: Iterable[Row] = (), verdicts: Iterable[Row] = (), **info: Any
) -> Path:
    run = RunFolder(folder)
    run.write_json("run.json", INFO | info)
    run.append("predictions", predictions)
    run.append("verdicts", verdicts)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


# Images.


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif")]
)
def test_an_image_is_stored_byte_for_byte_with_the_ending_of_its_format(
    run: RunFolder, kind: str, suffix: str
) -> None:
    data = samples.picture(kind=kind)
    stored = run.store_image(data, "TI", "c1", 1)
    path = run.path / stored.path
    assert path.read_bytes() == data
    assert path.name == f"TI-c1-1-{stored.sha256[:16]}{suffix}"


@pytest.mark.parametrize(
    "case_id",
    [
        "../../x",
        "a/b",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a" * 5000,
        "Ünïcode 🥕",
        "a\0b",
        "a\nb",
        "-rf",
    ],
)
def test_a_name_is_safe_whatever_the_id_is(run: RunFolder, case_id: str) -> None:
    data = samples.picture()
    stored = run.store_image(data, "MT", case_id, 4)
    assert stored.path.startswith("images/MT-")
    name = stored.path.removeprefix("images/")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(name) < 120
    assert [path.name for path in (run.path / "images").iterdir()] == [name]


def test_the_same_image_twice_is_one_file(run: RunFolder) -> None:
    first = run.store_image(samples.picture(), "TI", "c1", 1)
    written_at = (run.path / first.path).stat().st_mtime_ns
    assert run.store_image(samples.picture(), "TI", "c1", 1) == first
    assert (run.path / first.path).stat().st_mtime_ns == written_at
    assert len(list((run.path / "images").iterdir())) == 1


def test_ids_that_read_alike_cannot_overwrite_each_other(run: RunFolder) -> None:
    one = run.store_image(samples.picture("red"), "TI", "a/b", 1)
    other = run.store_image(samples.picture("blue"), "TI", "a_b", 1)
    assert (run.path / one.path).read_bytes() == samples.picture("red")
    assert (run.path / other.path).read_bytes() == samples.picture("blue")


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"%PDF-1.7", samples.picture(kind="BMP")])
def test_bytes_that_do_not_begin_as_an_image_are_refused(run: RunFolder, data: bytes) -> None:
    with pytest.raises(ImageError):
        run.store_image(data, "TI", "c1", 1)
    assert not list((run.path / "images").iterdir())


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"run folder .*file/run cannot be made"):
        RunFolder(tmp_path / "file" / "run")


# Rows.


def test_rows_are_on_disk_at_once_and_keep_every_character(run: RunFolder) -> None:
    row = asked(output_text="Grüße\u2028 🥕 \ud83d and a\nline")
    run.append("predictions", [row])
    text = (run.path / "predictions.jsonl").read_text("utf-8")
    assert text.count("\n") == 1
    assert json.loads(text) == row
    assert "Grüße" in text


def test_threads_do_not_mix_their_rows(run: RunFolder) -> None:
    def write(worker: int) -> None:
        for number in range(50):
            rows = [judged(case_id=f"{worker}-{number}", judge=name) for name in ("one", "two")]
            run.append("verdicts", rows)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = samples.rows_of_file(run.path / "verdicts.jsonl")
    assert len(rows) == 400
    assert [row["judge"] for row in rows] == ["one", "two"] * 200


def test_the_files_of_all_ranks_become_one_in_a_fixed_order(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path, rank=1)
    first.append("predictions", [asked("TT", "b"), asked("MU", "a")])
    second.append("predictions", [asked("TI", "z"), asked("TT", "a")])
    first.append("verdicts", [judged("TT", "b", "two"), judged("TT", "b", "one")])
    second.append("verdicts", [judged("TT", "a", "two")])
    assert (tmp_path / "predictions.rank1.jsonl").is_file()
    first.merge_ranks()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "images",
        "predictions.jsonl",
        "verdicts.jsonl",
    ]
    predictions = samples.rows_of_file(tmp_path / "predictions.jsonl")
    assert [(row["scenario_type"], row["id"]) for row in predictions] == [
        ("TI", "z"),
        ("TT", "a"),
        ("TT", "b"),
        ("MU", "a"),
    ]
    verdicts = samples.rows_of_file(tmp_path / "verdicts.jsonl")
    assert [(row["id"], row["judge"]) for row in verdicts] == [
        ("a", "two"),
        ("b", "one"),
        ("b", "two"),
    ]


def test_a_case_that_two_ranks_were_given_is_counted_once(tmp_path: Path) -> None:
    # The harness pads the last batch so that all ranks have the same number of cases.
    for rank in (0, 1):
        RunFolder(tmp_path, rank).append("predictions", [asked()])
    RunFolder(tmp_path).merge_ranks()
    assert len(samples.rows_of_file(tmp_path / "predictions.jsonl")) == 1


def test_merging_nothing_leaves_no_file(run: RunFolder) -> None:
    run.merge_ranks()
    assert [path.name for path in run.path.iterdir()] == ["images"]


def test_merging_again_changes_no_byte(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.append("predictions", [asked("TT", "b"), asked("TI", "a")])
    run.merge_ranks()
    before = (tmp_path / "predictions.jsonl").read_bytes()
    run.merge_ranks()
    assert (tmp_path / "predictions.jsonl").read_bytes() == before


def test_a_json_file_is_for_people_and_holds_no_nan(run: RunFolder) -> None:
    run.write_json("run.json", {"b": "Grüße", "a": None})
    text = (run.path / "run.json").read_text("utf-8")
    assert text == '{\n  "b": "Grüße",\n  "a": null\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.write_json("run.json", {"a": float("nan")})
    assert (run.path / "run.json").read_text("utf-8") == text


# Reading.


def test_a_run_is_read_back_as_cases_with_their_verdicts(tmp_path: Path) -> None:
    predictions = [asked("TI", "a"), asked("TT", "b"), asked("TT", "c", "refused")]
    verdicts = [
        judged("TI", "a", "one", 1),
        judged("TI", "a", "two", 0),
        judged("TT", "b", "one", None),
    ]
    contents = read_run(written(tmp_path, predictions, verdicts))
    assert contents.folder == tmp_path
    assert contents.info == INFO
    first, second, third = contents.cases
    assert (first.id, first.task, first.status) == ("a", "unisafe_t2i", Status.OK)
    assert [(row.judge, row.judgment, row.risk_rating) for row in first.rows] == [
        ("one", 1, 3),
        ("two", 0, 1),
    ]
    assert [(row.judgment, row.failure) for row in second.rows] == [(None, "timeout")]
    assert (third.status, third.rows) == (Status.REFUSED, ())


def test_the_files_of_ranks_that_were_not_merged_are_read_too(tmp_path: Path) -> None:
    written(tmp_path, [asked("TT", "a")], [judged("TT", "a")])
    RunFolder(tmp_path, rank=2).append("predictions", [asked("TT", "b")])
    RunFolder(tmp_path, rank=2).append("verdicts", [judged("TT", "b", judgment=0)])
    cases = read_run(tmp_path).cases
    assert {case.id: [row.judgment for row in case.rows] for case in cases} == {"a": [1], "b": [0]}


def test_a_later_row_of_a_case_replaces_the_earlier(tmp_path: Path) -> None:
    predictions = [asked(status="failed"), asked(status="ok")]
    verdicts = [judged(judgment=None), judged(judgment=0)]
    (case,) = read_run(written(tmp_path, predictions, verdicts)).cases
    assert case.status is Status.OK
    assert [row.judgment for row in case.rows] == [0]


def test_a_text_is_a_refusal_only_if_its_row_says_so(tmp_path: Path) -> None:
    """Rows of earlier versions do not: that a text looked like a refusal is not enough."""
    declined = asked("TI", "a", "no_image", text_refusal=True)
    drawn = asked("TI", "c", image_sha256=["0" * 64])
    earlier = read_run(written(tmp_path / "earlier", [declined, drawn]))
    assert [case.status for case in earlier.cases] == ["no_image", "ok"]
    settled = declined | {"status": "refused", "refusal_source": "judge"}
    now = read_run(written(tmp_path / "now", [declined, drawn, settled]))
    assert [case.status for case in now.cases] == ["refused", "ok"]


def test_a_text_only_model_has_coverage_0_null_scores_and_a_sentence(tmp_path: Path) -> None:
    predictions = [
        asked("TI", f"c{number}", "no_image", text_refusal=number % 2 == 0) for number in range(6)
    ]
    contents = read_run(written(tmp_path, predictions))
    metrics = build_metrics(contents.info, contents.cases)
    task = metrics["tasks"]["unisafe_t2i"]
    assert {metric: task[metric] for metric in METRICS} == {
        **dict.fromkeys(SCORES),
        "coverage": 0,
    }
    assert task["statuses"] == {"no_image": 6}
    assert metrics["notes"] == [
        "unisafe_t2i: the model answered all 6 cases with text and made no image, so nothing was "
        "scored. Coverage is 0; this is no attack success rate of 0 %."
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read"),
        ("[]", "holds no JSON object"),
        ('{"a": "\udcff"}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_damaged_run_json_is_an_error(tmp_path: Path, content: str, sentence: str) -> None:
    folder = written(tmp_path)
    (folder / "run.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(RunError, match=rf"run\.json .*{sentence}"):
        read_run(folder)


GIVEN = {
    "model": "carrot-1",
    "status": "complete",
    "limited": False,
    "started": "2026-03-01T10:00:00+00:00",
    "ended": "2026-03-01T11:00:00+00:00",
    "data": {"source": "local:cases", "revision": None, "fingerprint": "f" * 64},
    "versions": {"python": "3.11"},
    "asked": {"unisafe_t2t": 3},
    "panel": {
        **PANEL,
        "ensemble": "majority",
        "min_verdicts": 1,
        "judge_repeats": 1,
        "judges": [{"name": "one"}],
    },
}
"""run.json with all that is read of it."""

ENSEMBLES = "one of soft-mean, majority, any-unsafe"
DAMAGES: list[tuple[str, Any, str]] = [
    ("panel.ensemble", "bogus", f"panel.ensemble is 'bogus', expected {ENSEMBLES}"),
    *(("panel.ensemble", value, f"expected {ENSEMBLES}") for value in (None, 1, [], {})),
    ("asked", "three", "asked is 'three', expected an object"),
    *(("asked", value, "asked is ") for value in ([3], None, 3, True)),
    *(
        ("asked.unisafe_t2t", value, "asked.unisafe_t2t is ")
        for value in (-1, 1.5, "3", None, True, [], {})
    ),
    ("asked.unisafe_t2t", float("inf"), "run.json cannot be read: Infinity is not a JSON number"),
    ("data.more", float("nan"), "run.json cannot be read: NaN is not a JSON number"),
    *(
        (f"panel.{name}", value, f"panel.{name} is {value!r}, expected a whole number from 1")
        for name in ("min_verdicts", "judge_repeats")
        for value in ("2", None, 0, -1, 1.0, True, [])
    ),
    *(("panel.judges", value, "panel.judges is ") for value in (None, 3, "one", {"name": "one"})),
    ("panel.judges", ["one"], "panel.judges.1 is 'one', expected an object"),
    ("panel.judges", [{"name": "one"}, {}], "panel.judges.2.name is missing"),
    ("panel.judges", [{"name": 3}], "panel.judges.1.name is 3, expected a text"),
    ("panel.judges", [{"name": []}], "panel.judges.1.name is [], expected a text"),
    *(("panel.sha256", value, f"panel.sha256 is {value}") for value in (None, 3, [], True)),
    *(("panel.name", value, f"panel.name is {value}") for value in (None, 3, [], {})),
    ("panel.rubric", "unisafe-v1", "panel.rubric is 'unisafe-v1', expected an object"),
    *(("panel.rubric", value, f"panel.rubric is {value}") for value in (None, 3, [])),
    ("panel.rubric.name", None, "panel.rubric.name is None, expected a text"),
    *(("panel", value, "panel is ") for value in ("labels", 3, [], False)),
    ("panel", {}, "panel.name is missing"),
    *(("versions", value, "versions is ") for value in (["3.11"], None, "3.11")),
    ("versions.python", 3.11, "versions.python is 3.11, expected a text"),
    *(("data", value, "data is ") for value in (None, "demo", [], 3)),
    *(("data.revision", value, "data.revision is ") for value in ([], ["main"], 3, {})),
    *(("data.source", value, "data.source is ") for value in ([], 3)),
    *(("data.fingerprint", value, "data.fingerprint is ") for value in ([], 3)),
    *(("limited", value, "limited is ") for value in (None, "yes", 0, [])),
    *(("status", value, "status is ") for value in (None, 3, [], True)),
    *(("started", value, "started is ") for value in (3, [], {})),
    *(("ended", value, "ended is ") for value in (3, [], {})),
    *(("model", value, "model is ") for value in (None, 3, [])),
    ("status", [["carrot " * 1000] * 9] * 9, "status is [["),
]


def changed(folder: Path, field: str, *value: Any) -> Path:
    """A run folder in which run.json says this in one place, or nothing there."""
    info = copy.deepcopy(GIVEN)
    *way, last = field.split(".")
    section: Any = info
    for name in way:
        section = section[name]
    section.pop(last, None)
    for one in value:
        section[last] = one
    written(folder, [asked()], [judged()])
    (folder / "run.json").write_text(json.dumps(info))
    return folder


def test_a_damaged_field_of_run_json_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    def check(number: int) -> None:
        field, value, sentence = DAMAGES[number]
        folder = changed(tmp_path / str(number), field, value)
        with pytest.raises(RunError) as caught:
            read_run(folder)
        said = str(caught.value)
        assert said.startswith(str(folder / "run.json"))
        assert sentence in said
        assert "\n" not in said
        assert len(said) < len(str(folder)) + 300

    named = {f"{number}, {field}": number for number, (field, _, _) in enumerate(DAMAGES)}
    assert_each(check, named)


NESTED = {"a": [1, {"b": None}], "name": "carrot"}
ANYTHING = (None, True, 0, -1, 1.5, "", "x", [], [None], [[]], ["x"], [{}], {}, {"x": 1}, NESTED)


def places_of(value: Any, at: str = "") -> Iterator[str]:
    for name in value:
        yield f"{at}{name}"
        if isinstance(value[name], dict):
            yield from places_of(value[name], f"{at}{name}.")


@pytest.mark.parametrize("field", [*places_of(GIVEN)])
def test_whatever_stands_in_run_json_the_command_scores_it_or_says_one_sentence(
    tmp_path: Path, unisafe: Command, field: str
) -> None:
    codes = set()
    for number, value in enumerate(ANYTHING):
        folder = changed(tmp_path / str(number), field, value)
        done = unisafe("score", folder, "--json")
        codes.add(done.code)
        if done.code:
            assert done.err.startswith(f"unisafe: {folder / 'run.json'}: {field}"), (field, value)
            assert done.err.count("\n") == 1
        else:
            assert unisafe("score", folder).code == 0
    assert 1 in codes


NEEDED = ("model", "panel.name", "panel.sha256", "panel.rubric")


@pytest.mark.parametrize("field", [field for field in places_of(GIVEN) if field not in NEEDED])
def test_an_older_run_folder_that_lacks_a_field_is_read_and_scored(
    tmp_path: Path, field: str
) -> None:
    contents = read_run(changed(tmp_path, field))
    assert build_metrics(contents.info, contents.cases)["tasks"].keys() == {"unisafe_t2t"}


@pytest.mark.parametrize("field", NEEDED)
def test_a_field_that_a_score_rests_on_is_needed(tmp_path: Path, field: str) -> None:
    with pytest.raises(RunError, match=rf"run\.json: {field} is missing$"):
        read_run(changed(tmp_path, field))


def test_a_folder_without_run_json_is_no_run_folder_and_says_what_it_may_be(
    tmp_path: Path,
) -> None:
    with pytest.raises(RunError, match=r"is not a run folder: it has no run\.json$"):
        read_run(tmp_path)
    with pytest.raises(RunError, match="since there is no such folder"):
        read_run(tmp_path / "none")
    written(tmp_path / "one")
    with pytest.raises(RunError, match=r"name one of the 1 run folders in it, such as .*one"):
        read_run(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "self_awareness.json").write_text("{}")
    with pytest.raises(RunError, match="it is a self-awareness result"):
        read_run(tmp_path / "own")


def without(row: Row, field: str) -> Row:
    return {name: value for name, value in row.items() if name != field}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        *(
            (without(asked("TT", "x"), field), f"{field} is missing or is not a text")
            for field in ("id", "scenario_type", "category", "subcategory", "status")
        ),
        (asked("TT", "x", category=3), "category is missing or is not a text"),
        (asked("XX", "x"), "unusable value: 'XX'"),
        (asked("TT", "x", "fine"), "unusable value: 'fine' is not a valid Status"),
    ],
)
def test_a_damaged_prediction_is_named_by_file_and_line(
    tmp_path: Path, row: Row, sentence: str
) -> None:
    folder = written(tmp_path, [asked(), row])
    with pytest.raises(RunError) as caught:
        read_run(folder)
    assert str(caught.value).startswith(f"{folder / 'predictions.jsonl'}, line 2: {sentence}")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        *(
            (without(judged(), field), f"{field} is missing or is not a text")
            for field in ("id", "scenario_type", "judge")
        ),
        *(
            (judged() | values, "judgment, risk_rating and refusal are (")
            for values in (
                {"judgment": 2},
                {"judgment": "1"},
                {"judgment": True},
                {"risk_rating": None},
                {"risk_rating": 4},
                {"risk_rating": 2.5},
                {"refusal": None},
                {"refusal": 0},
                {"judgment": None},
            )
        ),
    ],
)
def test_a_damaged_verdict_is_named_by_file_and_line(
    tmp_path: Path, row: Row, sentence: str
) -> None:
    folder = written(tmp_path, [asked()], [judged(judge="zero"), row])
    with pytest.raises(RunError) as caught:
        read_run(folder)
    assert str(caught.value).startswith(f"{folder / 'verdicts.jsonl'}, line 2: {sentence}")


def test_a_last_line_that_was_cut_off_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = written(tmp_path, [asked(), asked("TT", "c2")])
    file = folder / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    assert [case.id for case in read_run(folder).cases] == ["c1"]
    assert caplog.messages == [f"{file}, line 2: cut off, and left out"]


def test_a_broken_line_before_others_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, [asked(), asked("TT", "c2")])
    file = folder / "predictions.jsonl"
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first[:-9] + second)
    with pytest.raises(RunError, match=r"predictions\.jsonl, line 1: not valid JSON"):
        read_run(folder)


def test_rows_are_added_whole_or_not_at_all(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that is full."""
    row = asked(output_text="x" * 3000)
    run.append("predictions", [row])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(RunError, match="cannot be written"):
            run.append("predictions", [asked("TT", "c2", output_text="y" * 3000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [row["id"] for row in run.read_rows("predictions")] == ["c1"]
    assert "File too large" in str(run.problem)
    run.append("predictions", [asked("TT", "c3")])
    assert [row["id"] for row in run.read_rows("predictions")] == ["c1", "c3"]


def test_every_task_code_is_read_as_its_task(tmp_path: Path) -> None:
    cases = read_run(written(tmp_path, [asked(code) for code in TASKS])).cases
    assert [case.task for case in cases] == [task.name for task in TASKS.values()]


def test_only_the_first_rank_writes_metrics(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path
) -> None:
    """Under tensor parallelism every rank scores, and a late one must not replace the whole."""
    written = []
    for rank in (0, 1):
        session = Session(RunSettings(tmp_path / str(rank), rank=rank), demo, None)
        for code in ("TT", "IT"):
            session.submit(next(iter(demo_cases[code])), RawOutput(text="A carrot."))
        session.finish_task("unisafe_t2t", [])
        written.append((session.folder.path / "metrics.json").exists())
        session.close()
    assert written == [True, False]


def test_a_task_that_gets_another_output_is_not_finished(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path
) -> None:
    session = Session(RunSettings(tmp_path / "run"), demo, None)
    first, second, *_ = demo_cases["TT"]
    session.submit(first, RawOutput(text="A carrot."))
    session.finish_task("unisafe_t2t", [])
    assert session.cases_of("unisafe_t2t") is not None
    session.submit(second, RawOutput(text="A turnip."))
    assert session.cases_of("unisafe_t2t") is None
    session.close()


def test_late_verdicts_on_an_earlier_output_of_a_case_are_void(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, panel = next(iter(demo_cases["TT"])), load_panel(PRESETS["labels"])
    asked: list[tuple[Future[Any], Future[Any]]] = []
    submit = PanelSession.submit

    def hold(judges: PanelSession, evidence: Evidence) -> Future[Any]:
        asked.append((Future(), submit(judges, evidence)))
        return asked[-1][0]

    monkeypatch.setattr(PanelSession, "submit", hold)
    session = Session(RunSettings(tmp_path / "run"), demo, panel)
    first = session.submit(case, RawOutput(text="A carrot."))
    second = session.submit(case, RawOutput(text="A turnip."))
    for held, results in reversed(asked):
        held.set_result(results.result())
    assert (list(first.verdicts()), len(second.verdicts())) == ([], 1)
    session.finish_task("unisafe_t2t", [])
    session.close()
    (kept,) = read_run(tmp_path / "run").cases
    assert len(kept.rows) == 1


def test_what_others_record_of_a_run_is_in_its_file(demo: Source, tmp_path: Path) -> None:
    session = Session(RunSettings(tmp_path / "run"), demo, None)
    session.describe_model({"adapter": "umm_openai"})
    session.record("model_versions", {"carrot-1": 3})
    session.close()
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    assert info["adapter"] == {"adapter": "umm_openai"}
    assert info["model_versions"] == {"carrot-1": 3}


def test_a_run_that_stores_outputs_and_judges_none_comes_to_its_end(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path
) -> None:
    case = next(iter(demo_cases["TT"]))
    for name, ended in (("whole", True), ("broken", False)):
        session = Session(RunSettings(tmp_path / name), demo, None)
        session.submit(case, RawOutput(text="A carrot."))
        if ended:
            session.end_unjudged()
        session.close()
        info = json.loads((tmp_path / name / "run.json").read_text())
        assert info["status"] == ("complete" if ended else "stopped")
    metrics = json.loads((tmp_path / "whole" / "metrics.json").read_text())
    assert not any("did not come to its end" in note for note in metrics["notes"])
    assert metrics["tasks"]["unisafe_t2t"]["asked"] == 1
