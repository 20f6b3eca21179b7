"""Output images that are decoded once, in threads: what a case becomes whose image is none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.servers import JudgeServer
from tests.tasks import samples
from tests.tasks.commands import Command, rows_by_case
from unisafe_judges import Panel, encoding, load_panel
from unisafe_tasks import CaseSet, RawOutput, Source, read_run
from unisafe_tasks.errors import RunError
from unisafe_tasks.judging.panels import PRESETS
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.runs.reading import scored_case

CUT_OFF = samples.picture()[:-20]
SAID = "the image is cut off"


@pytest.fixture
def draw(tmp_path: Path) -> Callable[..., RawOutput]:
    """What a model returns that drew these files."""
    count = iter(range(1000))

    def output(*files: bytes, **changes: Any) -> RawOutput:
        paths = [tmp_path / f"drawn-{next(count)}.png" for _ in files]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        return RawOutput(images=tuple(map(str, paths)), **changes)

    return output


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        yield running


@pytest.fixture
def panel(server: JudgeServer, tmp_path: Path) -> Panel:
    file = tmp_path / "panel.yaml"
    file.write_text(
        "rubric: unisafe-v1\njudges:\n"
        + "".join(
            f"  - {{name: {name}, backend: openai-compatible, model: {name}, "
            f"base_url: '{server.base_url}'}}\n"
            for name in ("first", "second", "third")
        )
    )
    return load_panel(file)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SHA-256 of each file that is decoded, as often as it is."""
    hashes: list[str] = []
    decode = encoding.decode_image

    def counted(data: bytes) -> Image.Image:
        hashes.append(hashlib.sha256(data).hexdigest())
        return decode(data)

    monkeypatch.setattr(encoding, "decode_image", counted)
    return hashes


def opened(folder: Path, source: Source, panel: Panel | None) -> Session:
    return Session(RunSettings(folder), source, panel)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "images").iterdir())


@pytest.mark.parametrize("panelled", ["served", "labels", "none"])
def test_an_image_that_is_none_fails_its_case_alone(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    server: JudgeServer,
    draw: Callable[..., RawOutput],
    panelled: str,
) -> None:
    chosen = {"served": panel, "labels": load_panel(PRESETS["labels"]), "none": None}[panelled]
    good, bad, *_ = demo_cases["TI"]
    run = opened(tmp_path / "run", demo, chosen)
    pending = [run.submit(good, draw(samples.picture())), run.submit(bad, draw(CUT_OFF))]
    cases = [scored_case(each.row, each.verdicts(), "case") for each in pending]
    assert [each.row["status"] for each in pending] == ["ok", "failed"]
    assert [len(case.rows) for case in cases] == [len(chosen.judges) if chosen else 0, 0]
    if chosen is None:
        run.end_unjudged()
    else:
        run.finish_task("unisafe_t2i", cases)
    run.close()
    row = rows_by_case(tmp_path / "run" / "predictions.jsonl")[bad.id, "TI"]
    assert row["status"] == "failed"
    assert SAID in row["error"]
    assert (row["output_image"], row["image_sha256"], row["output_sha256"]) == (None, [], None)
    assert [case.status for case in read_run(tmp_path / "run").cases] == ["ok", "failed"]
    assert len(files_in(tmp_path / "run")) == 1
    assert len(server.requests) == (3 if panelled == "served" else 0)


def test_of_four_turns_the_images_before_the_one_that_is_none_are_kept(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    server: JudgeServer,
    draw: Callable[..., RawOutput],
) -> None:
    case, *_ = demo_cases["MT"]
    colours = [samples.picture(colour) for colour in ("red", "green", "blue")]
    run = opened(tmp_path / "run", demo, panel)
    pending = run.submit(case, draw(*colours[:2], CUT_OFF, colours[2]))
    assert not pending.verdicts()
    run.close()
    row = pending.row
    assert row["status"] == "failed"
    assert len(row["output_images"]) == 2
    kept = {Path(name).name for name in row["output_images"]}
    assert len(kept & set(files_in(tmp_path / "run"))) == 2
    assert not any("-3-" in name for name in files_in(tmp_path / "run"))
    assert server.requests == []


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_failed_output_lists_only_images_that_were_looked_at(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    draw: Callable[..., RawOutput],
    is_missing: bool,
) -> None:
    """Else a text of another case could be a refusal of a model that draws."""
    case, *_ = demo_cases["MT"]
    raw = draw(CUT_OFF)
    gone = str(tmp_path / "gone.png")
    raw = RawOutput(images=(*raw.images, gone)) if is_missing else replace(raw, error="timed out")
    run = opened(tmp_path / "run", demo, panel)
    row = run.submit(case, raw).row
    run.close()
    assert row["status"] == "failed"
    assert SAID in row["error"]
    assert (row["output_images"], row["image_sha256"]) == ([], [])


def test_a_file_that_cannot_be_read_now_stays_and_its_case_is_not_scored(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    draw: Callable[..., RawOutput],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, *_ = demo_cases["TI"]
    run = opened(tmp_path / "run", demo, load_panel(PRESETS["labels"]))
    held: list[Callable[[], None]] = []
    monkeypatch.setattr(run._images, "run", held.append)
    pending = run.submit(case, draw(samples.picture()))
    (name,) = files_in(tmp_path / "run")
    file = tmp_path / "run" / "images" / name
    file.unlink()
    file.mkdir()
    held[0]()
    assert pending.row["status"] == "failed"
    assert "cannot be read" in pending.row["error"]
    assert not pending.verdicts()
    assert file.exists()
    run.close()


def test_outputs_that_were_submitted_get_their_rows_though_the_run_is_stopped(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    server: JudgeServer,
    draw: Callable[..., RawOutput],
) -> None:
    case, refused, late, *_ = demo_cases["MT"]
    pictures = [samples.picture(colour) for colour in ("red", "green", "blue", "teal")]
    run = opened(tmp_path / "run", demo, panel)
    run.stop()
    pending = [
        run.submit(case, draw(*pictures)),
        run.submit(refused, draw(CUT_OFF, refusal="model")),
    ]
    run.close()
    pending.append(run.submit(late, draw(*pictures)))
    assert [each.row["status"] for each in pending] == ["ok", "failed", "ok"]
    assert [{row["failure"] for row in each.verdicts()} for each in pending] == [
        {"stopped"},
        set(),
        {"stopped"},
    ]
    assert server.requests == []


def test_an_output_that_cannot_be_handled_is_a_failed_case(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    draw: Callable[..., RawOutput],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(data: bytes) -> Image.Image:
        raise MemoryError

    monkeypatch.setattr(encoding, "decode_image", broken)
    case, *_ = demo_cases["TI"]
    run = opened(tmp_path / "run", demo, panel)
    pending = run.submit(case, draw(samples.picture()))
    assert (pending.row["status"], pending.row["error"]) == ("failed", "MemoryError: ")
    run.close()
    assert [each.status for each in read_run(tmp_path / "run").cases] == ["failed"]


@pytest.mark.parametrize("step", ["append", "store_image"])
def test_nobody_waits_for_an_output_that_could_not_be_stored(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    draw: Callable[..., RawOutput],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def full(*_: object) -> None:
        raise RunError("the disk is full")

    case, *_ = demo_cases["TI"]
    run = opened(tmp_path / "run", demo, panel)
    with monkeypatch.context() as broken:
        broken.setattr(run.folder, step, full)
        with pytest.raises(RunError, match="the disk is full"):
            run.submit(case, draw(samples.picture()))
    assert run._outputs.without_row() == []
    # Once there is room again, the output counts.
    assert len(run.submit(case, draw(samples.picture())).verdicts()) == 3
    run.close()


def test_a_turn_whose_image_is_none_ends_the_conversation(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    draw: Callable[..., RawOutput],
) -> None:
    case, *_ = demo_cases["MT"]
    run = opened(tmp_path / "run", demo, panel)
    assert run.store_turn(case, draw(samples.picture()), 1) is not None
    with pytest.raises(Exception, match=SAID):
        run.store_turn(case, draw(CUT_OFF), 2)
    run.close()
    assert len(files_in(tmp_path / "run")) == 1


def test_a_better_output_of_the_case_replaces_one_whose_image_is_none(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    draw: Callable[..., RawOutput],
) -> None:
    case, *_ = demo_cases["TI"]
    run = opened(tmp_path / "run", demo, panel)
    outputs = [draw(CUT_OFF), draw(samples.picture())] * 5
    pending = [run.submit(case, raw) for raw in outputs]
    assert len(pending[-1].verdicts()) == 3
    for each in pending:
        each.verdicts()
    run.close()
    (row,) = samples.rows_of_file(tmp_path / "run" / "predictions.jsonl")
    assert row["status"] == "ok"
    assert len(samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl")) == 3


def test_each_distinct_image_is_decoded_once_for_store_and_judges_and_tasks(
    demo: Source,
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
    panel: Panel,
    server: JudgeServer,
    draw: Callable[..., RawOutput],
    decoded: list[str],
) -> None:
    pictures = [samples.picture(colour) for colour in ("red", "green", "blue")]
    cases = [case for code in ("TI", "IE", "IC") for case in list(demo_cases[code])[:4]]
    shown = {hashlib.sha256(image.read()).hexdigest() for case in cases for image in case.images}
    drawn = {hashlib.sha256(data).hexdigest() for data in pictures}
    run = opened(tmp_path / "run", demo, panel)
    pending = [run.submit(case, draw(pictures[number % 3])) for number, case in enumerate(cases)]
    for each in pending:
        assert len(each.verdicts()) == 3
    run.close()
    assert len(server.requests) == 3 * len(cases)
    assert sorted(decoded) == sorted(shown | drawn)


# --- what a person is told ---


@pytest.fixture
def spoilt(tmp_path: Path) -> tuple[Path, Path]:
    """Data whose second and third case have an input image that is none, and outputs for them."""
    data = samples.export(tmp_path / "data", [samples.row("IT", case) for case in "abc"])
    (data.parent / "images" / "cut.png").write_bytes(CUT_OFF)
    (data.parent / "images" / "w\n\x1b.png").write_bytes(b"words")
    rows = samples.rows_of_file(data)
    rows[1]["input_image"], rows[2]["input_image"] = "images/cut.png", "images/w\n\x1b.png"
    samples.write_rows(data, rows)
    outputs = [
        {"id": case, "scenario_type": "IT", "model": "m", "output_text": "Soup."} for case in "abc"
    ]
    return data, samples.write_rows(tmp_path / "m.jsonl", outputs)


def test_an_input_image_that_is_none_is_named_with_its_file(
    unisafe: Command,
    server: JudgeServer,
    panel: Panel,
    spoilt: tuple[Path, Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    data, outputs = spoilt
    words = ("--data", data, "--panel", tmp_path / "panel.yaml", "--out", tmp_path / "run")
    assert unisafe("judge", outputs, *words).code == 0
    assert f"b/IT is not scored: input image images/cut.png: {SAID}" in caplog.text
    assert "c/IT is not scored: input image images/w �.png: the file is not a PNG" in caplog.text
    errors = {row["error"] for row in samples.rows_of_file(tmp_path / "run" / "verdicts.jsonl")}
    assert f"input image images/cut.png: {SAID}: the end of the file is missing" in errors


def test_a_dry_run_does_not_count_cases_whose_input_image_is_none(
    unisafe: Command, panel: Panel, spoilt: tuple[Path, Path], tmp_path: Path
) -> None:
    data, outputs = spoilt
    words = ("--data", data, "--panel", tmp_path / "panel.yaml", "--dry-run")
    done = unisafe("judge", outputs, *words)
    assert [line.split()[:2] for line in done.lines if line.startswith(panel.judges[0].name)] == [
        ["first", "1"]
    ]
    assert (
        "Not counted: 2 outputs with an input image that cannot be read, the first of b/IT: input "
        f"image images/cut.png: {SAID}: the end of the file is missing" in done.lines
    )


def test_output_images_are_named_by_their_files(
    unisafe: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = samples.export(tmp_path / "data", [samples.row("TI", case) for case in "abc"])
    files = {"a": CUT_OFF, "b": b"words"}
    for case, content in files.items():
        (tmp_path / f"{case}.png").write_bytes(content)
    rows = [
        {"id": case, "scenario_type": "TI", "model": "m", "output_image": f"{case}.png"}
        for case in "abc"
    ]
    outputs = samples.write_rows(tmp_path / "m.jsonl", rows)
    unisafe("judge", outputs, "--data", data, "--panel", "none", "--out", tmp_path / "run")
    folder = tmp_path.name
    assert [message.partition(" is not scored: ")[2] for message in sorted(caplog.messages)] == [
        f"generated image {folder}/a.png: {SAID}: the end of the file is missing",
        f"{folder}/b.png: the file is not a PNG, JPEG, WebP or GIF image",
        f"{folder}/c.png is not a file",
    ]


def test_a_dry_run_without_a_panel_says_that_nothing_would_be_asked(unisafe: Command) -> None:
    done = unisafe("judge", "demo", "--panel", "none", "--dry-run")
    assert (done.code, done.out) == (0, "The panel is 'none': no judge would be asked.\n")
