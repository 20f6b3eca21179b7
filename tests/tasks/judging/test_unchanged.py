"""An output that is the input image: marked and counted, and judged as any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.servers import JudgeServer
from tests.tasks.commands import rows_by_case
from unisafe_judges import Evidence, ImagePart, Panel, load_panel
from unisafe_judges.encoding import SharedImages
from unisafe_tasks import Case, CaseSet, RawOutput, Source, read_run
from unisafe_tasks.errors import DataError
from unisafe_tasks.judging.panels import PRESETS
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.judging.unchanged import is_unchanged
from unisafe_tasks.outputs.parsing import encode_output, parse_output
from unisafe_tasks.runs.metrics_file import build_metrics

Encode = Callable[[Image.Image], bytes]


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def photo(side: int = 256) -> Image.Image:
    """Soft colours with some noise."""
    random = np.random.default_rng(5)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), dtype=float)
    return Image.fromarray(np.clip(soft + random.normal(0, 8, soft.shape), 0, 255).astype("uint8"))


def with_dot(image: Image.Image) -> Image.Image:
    changed = image.copy()
    ImageDraw.Draw(changed).ellipse((100, 100, 106, 106), fill="black")
    return changed


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as running:
        yield running


@pytest.fixture
def panel(server: JudgeServer, tmp_path: Path) -> Panel:
    file = tmp_path / "panel.yaml"
    file.write_text(
        "rubric: unisafe-v1\njudges:\n  - {name: kettle, backend: openai-compatible, "
        f"model: kettle, base_url: '{server.base_url}'}}\n"
    )
    return load_panel(file)


@pytest.fixture
def give(
    demo: Source, tmp_path: Path
) -> Callable[[Panel | None, list[tuple[Case, list[bytes]]]], Mapping[Any, Mapping[str, Any]]]:
    """Submits images as outputs; the rows of the run by case."""

    def run(
        panel: Panel | None, outputs: list[tuple[Case, list[bytes]]]
    ) -> Mapping[Any, Mapping[str, Any]]:
        session = Session(RunSettings(tmp_path / "run"), demo, panel)
        for number, (case, images) in enumerate(outputs):
            paths = [tmp_path / f"{number}-{turn}.png" for turn in range(len(images))]
            for path, data in zip(paths, images, strict=True):
                path.write_bytes(data)
            pending = session.submit(case, parse_output(encode_output(images=paths), case.task))
            assert pending.row["status"] == "ok"
            pending.verdicts()
        session.close()
        return rows_by_case(tmp_path / "run" / "predictions.jsonl")

    return run


def is_marked(rows: Mapping[Any, Mapping[str, Any]], case: Case) -> bool:
    return rows[case.id, case.task.code].get("unchanged") is True


def test_an_edit_that_gives_an_input_back_is_marked_and_judged_and_counted(
    demo_cases: Mapping[str, CaseSet],
    give: Callable[..., Any],
    panel: Panel,
    server: JudgeServer,
    tmp_path: Path,
) -> None:
    edit, other, *_ = demo_cases["IE"]
    mix, drawn = next(iter(demo_cases["IC"])), next(iter(demo_cases["TI"]))
    of_edit, second_of_mix = edit.images[0].read(), mix.images[1].read()
    rows = give(
        panel,
        [
            (edit, [of_edit]),
            (other, [encoded(photo())]),
            (mix, [encoded(Image.open(BytesIO(second_of_mix)).convert("RGB"))]),
            # Without an input image there is nothing to give back.
            (drawn, [of_edit]),
        ],
    )
    assert [is_marked(rows, case) for case in (edit, other, mix, drawn)] == [
        *(True, False, True, False)
    ]
    assert len(server.requests) == 4
    stored = read_run(tmp_path / "run")
    metrics = build_metrics(stored.info, stored.cases)
    assert metrics["tasks"]["unisafe_i2i"]["unchanged"] == 1
    assert metrics["tasks"]["unisafe_mmi2i"]["unchanged"] == 1
    assert "unchanged" not in metrics["tasks"]["unisafe_t2i"]
    said = " ".join(metrics["notes"])
    assert "unisafe_i2i: 1 of 2 outputs are the input image, unchanged." in said


def test_of_four_turns_the_last_is_compared_with_the_one_before(
    demo_cases: Mapping[str, CaseSet], give: Callable[..., Any], tmp_path: Path
) -> None:
    stopped, back, *_ = demo_cases["MT"]
    one, two, three = (encoded(Image.new("RGB", (80, 80), name)) for name in ("red", "tan", "teal"))
    rows = give(
        load_panel(PRESETS["labels"]),
        [(stopped, [one, two, three, three]), (back, [one, one, two, one])],
    )
    assert [is_marked(rows, case) for case in (stopped, back)] == [True, False]
    stored = read_run(tmp_path / "run")
    (note,) = [
        note for note in build_metrics(stored.info, stored.cases)["notes"] if "unchanged" in note
    ]
    assert "1 of 2 outputs are the image of the turn before, unchanged." in note


SAME: dict[str, Encode] = {
    "JPEG of quality 95": lambda image: encoded(image, "JPEG", quality=95),
    "JPEG of quality 75": lambda image: encoded(image, "JPEG", quality=75),
    "WebP": lambda image: encoded(image, "WEBP", quality=80),
    "a PNG without loss": lambda image: encoded(image, "PNG", compress_level=1),
    "turned by its EXIF orientation": lambda image: encoded(
        image.rotate(90, expand=True), "JPEG", quality=95, exif=_turned()
    ),
}
OTHER: dict[str, Encode] = {
    "a dot of six pixels": lambda image: encoded(with_dot(image)),
    "a dot, in JPEG": lambda image: encoded(with_dot(image), "JPEG", quality=90),
    "another size": lambda image: encoded(image.resize((240, 240))),
    "mirrored": lambda image: encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "brighter": lambda image: encoded(image.point(lambda value: min(255, value + 24))),
}


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize(
    ("encode", "is_same"),
    [
        *(pytest.param(encode, True, id=name) for name, encode in SAME.items()),
        *(pytest.param(encode, False, id=name) for name, encode in OTHER.items()),
    ],
)
def test_an_image_stays_the_same_through_another_encoding_and_not_through_an_edit(
    demo_cases: Mapping[str, CaseSet], give: Callable[..., Any], encode: Encode, is_same: bool
) -> None:
    # The image of the third turn is what the fourth was to change.
    case, *_ = demo_cases["MT"]
    image = photo()
    first, second = (encoded(Image.new("RGB", (80, 80), name)) for name in ("red", "tan"))
    rows = give(None, [(case, [first, second, encoded(image), encode(image)])])
    assert is_marked(rows, case) is is_same


def test_a_small_image_is_the_same_only_to_the_pixel(
    demo_cases: Mapping[str, CaseSet], give: Callable[..., Any]
) -> None:
    case, *_ = demo_cases["MT"]
    plain = Image.new("RGB", (8, 8), "tan")
    dotted = plain.copy()
    dotted.putpixel((0, 0), (200, 180, 150))
    first, second = (encoded(Image.new("RGB", (8, 8), name)) for name in ("red", "teal"))
    rows = give(None, [(case, [first, second, encoded(plain), encoded(dotted)])])
    assert not is_marked(rows, case)


def test_the_mark_goes_with_an_output_that_is_withdrawn(
    demo: Source, demo_cases: Mapping[str, CaseSet], tmp_path: Path
) -> None:
    """Another case has named its file since, so that nothing is known of it."""
    edit, other, *_ = demo_cases["IE"]
    path = tmp_path / "drawn.png"
    path.write_bytes(edit.images[0].read())
    session = Session(RunSettings(tmp_path / "run"), demo, None)
    assert session.submit(edit, RawOutput(images=(str(path),))).row["unchanged"] is True
    session.submit(other, RawOutput(images=(str(path),)))
    session.close()
    rows = rows_by_case(tmp_path / "run" / "predictions.jsonl")
    assert {row["status"] for row in rows.values()} == {"failed"}
    assert not any("unchanged" in row for row in rows.values())


@pytest.mark.parametrize("error", [DataError("gone"), OSError("gone")])
@pytest.mark.parametrize("read_before", [0, 1])
def test_an_input_that_cannot_be_read_is_not_taken_for_the_output(
    error: Exception, read_before: int
) -> None:
    """It fails where it is needed, and loses no case here."""
    png, other = encoded(photo()), encoded(photo(), "PNG", compress_level=1)
    reads = iter([png] * read_before)

    def read() -> bytes:
        for data in reads:
            return data
        raise error

    shown = ImagePart("input image", sha256(png).hexdigest(), read)
    made = ImagePart("generated image", sha256(other).hexdigest(), lambda: other, judged=True)
    images = SharedImages()
    evidence = Evidence("case", "IE", "image", (shown, made))
    assert not is_unchanged(evidence, images, encodes=False)
    images.close()
