"""Subsets: drawn from any source, used as one, and never taken for the full set."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from scipy.special import ndtr

from tests.tasks import samples
from tests.tasks.commands import CASE_COUNT, Command, Done, info_of, metrics_of
from tests.tasks.conftest import Use
from tests.tasks.run_folders import judged_run
from unisafe_tasks import TASKS, DataError, RunError, Source, load_cases, resolve_source
from unisafe_tasks.data import sources
from unisafe_tasks.data.names import DEMO_NOTE, is_demo, original_name
from unisafe_tasks.data.sources import fingerprint
from unisafe_tasks.data.subset_file import SUBSET_FILE, read_subset
from unisafe_tasks.data.subsets import COVERAGE, coverage_of, write_subset
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.metrics import Point, macro_mean
from unisafe_tasks.results.basis import basis_of, differing
from unisafe_tasks.results.scored_run import read_scored_run
from unisafe_tasks.runs.provenance import describe_inputs
from unisafe_tasks.statistics import Hierarchy, Resampler
from unisafe_tasks.statistics.estimates import Leaf
from unisafe_tasks.statistics.sampling import TaskCell, draw

Row = dict[str, Any]

SIZES = {"A1": 9, "A2": 7, "B1": 12}
"""Targets of each subcategory; those of a modality are in all of its tasks."""


def garden(both: int = 0) -> list[Row]:
    """A set of some size; so many ids of A1 are in image and in text tasks."""
    return [
        samples.row(
            code,
            f"{subcategory}-{number}"
            if number < both
            else f"{subcategory}-{number}-{task.modality}",
            category=subcategory[0],
            subcategory=subcategory,
        )
        for code, task in TASKS.items()
        for subcategory, size in SIZES.items()
        for number in range(size)
    ]


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> Iterator[tuple[Source, Path]]:
    """The garden as a local export, and the folder of a subset of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
        folder = tmp_path_factory.mktemp("built")
        whole = resolve_source(str(samples.export(folder / "garden", garden())))
        write_subset(whole, folder / "part", 3)
        yield whole, folder / "part"


@pytest.fixture
def whole(built: tuple[Source, Path]) -> Source:
    """The garden as a local export."""
    return built[0]


@pytest.fixture
def part(built: tuple[Source, Path], tmp_path: Path) -> Path:
    """The folder of a subset of it, of three targets a subcategory, to be changed at will."""
    return Path(shutil.copytree(built[1], tmp_path / "part"))


def keys(source: Source) -> set[str]:
    return {case.key for task in TASKS.values() for case in load_cases(source, task)}


# What is in it.


def test_a_subset_has_so_many_targets_of_each_subcategory_each_whole(
    whole: Source, use: Use, tmp_path: Path
) -> None:
    drawn = write_subset(whole, tmp_path / "part", 5)
    part = use(tmp_path / "part")
    by_target: dict[str, set[str]] = {}
    for task in TASKS.values():
        cases = load_cases(part, task)
        assert Counter(case.subcategory for case in cases) == dict.fromkeys(SIZES, 5)
        for case in cases:
            by_target.setdefault(case.id, set()).add(task.code)
    images = {code for code, task in TASKS.items() if task.makes_images}
    assert all(codes in (images, set(TASKS) - images) for codes in by_target.values())
    assert (drawn.facts.targets, drawn.facts.cases) == (30, 15 * 7)
    assert drawn.kept == dict.fromkeys(TASKS, (15, 28))


def test_a_target_in_both_splits_is_kept_in_both_or_in_none(use: Use, tmp_path: Path) -> None:
    whole = use(samples.export(tmp_path / "garden", garden(both=6)))
    write_subset(whole, tmp_path / "part", 3, seed=1)
    part = use(tmp_path / "part")
    targets = {code: {case.id for case in load_cases(part, task)} for code, task in TASKS.items()}
    shared = [f"{subcategory}-{number}" for subcategory in SIZES for number in range(6)]
    for target in shared:
        assert len({target in ids for ids in targets.values()}) == 1
    assert 0 < sum(target in targets["TI"] for target in shared) < len(shared)


def test_cases_are_those_of_the_source_to_the_byte(whole: Source, use: Use, tmp_path: Path) -> None:
    write_subset(whole, tmp_path / "part", 2)
    part = use(tmp_path / "part")
    assert keys(part) < keys(whole)
    for code in ("IC", "MT", "MU"):
        originals = load_cases(whole, TASKS[code])
        for case in load_cases(part, TASKS[code]):
            before = originals[case.id]
            assert case == before
            assert [image.read() for image in case.images] == [
                image.read() for image in before.images
            ]


def test_the_same_source_and_seed_give_the_same_subset_in_any_order_of_rows(
    whole: Source, use: Use, tmp_path: Path
) -> None:
    first = write_subset(whole, tmp_path / "one", 3, seed=7).facts
    other = use(samples.export(tmp_path / "again", garden()[::-1]))
    second = write_subset(other, tmp_path / "two", 3, seed=7).facts
    assert first == second
    assert fingerprint(use(tmp_path / "one")) == fingerprint(use(tmp_path / "two"))
    assert write_subset(whole, tmp_path / "three", 3, seed=8).facts.name != first.name


def test_a_set_that_has_no_more_is_kept_whole(whole: Source, use: Use, tmp_path: Path) -> None:
    drawn = write_subset(whole, tmp_path / "part", 12)
    assert drawn.facts.cases == len(keys(whole))
    assert fingerprint(use(tmp_path / "part")) == fingerprint(whole) == drawn.facts.fingerprint


# Its folder.


def test_a_subset_is_a_source_with_a_name_of_its_own(
    whole: Source, use: Use, tmp_path: Path
) -> None:
    facts = write_subset(whole, tmp_path / "part", 3, seed=2).facts
    part = use(tmp_path / "part")
    assert part == Source(facts.name, part.folder, None, facts)
    assert original_name(part.name) == whole.name == "local:cases.jsonl"
    assert not part.is_demo
    assert read_subset(tmp_path / "part") == facts
    stored = json.loads((tmp_path / "part" / SUBSET_FILE).read_text())
    assert stored["format"] == "unisafe-subset/1"
    assert stored["of"] == {
        "source": whole.name,
        "revision": None,
        "fingerprint": fingerprint(whole),
    }
    assert (stored["seed"], stored["per_subcategory"]) == (2, 3)
    assert stored["population"]["unisafe_t2i"] == {"A": {"A1": 9, "A2": 7}, "B": {"B1": 12}}


def test_a_subset_keeps_the_revision_of_its_source(whole: Source, tmp_path: Path) -> None:
    pinned = Source("teaville/carrots", whole.folder, "c" * 40)
    write_subset(pinned, tmp_path / "part", 3)
    sources._resolve.cache_clear()
    part = resolve_source(str(tmp_path / "part"))
    assert part.name.startswith("teaville/carrots-subset-")
    assert part.revision == "c" * 40


@pytest.mark.parametrize("obstacle", ["a file in it", "a file"])
def test_a_folder_that_holds_something_is_left_alone(
    demo: Source, tmp_path: Path, obstacle: str
) -> None:
    out = tmp_path / "out"
    if obstacle == "a file":
        out.write_text("mine")
    else:
        samples.write_rows(out / "mine.jsonl", [])
    with pytest.raises(DataError, match=r"out is not empty: name an empty folder"):
        write_subset(demo, out, 1)


def test_an_empty_folder_is_taken_and_nothing_is_left_beside_it(
    demo: Source, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    write_subset(demo, tmp_path / "out", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_made_is_one_sentence(demo: Source, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="out cannot be written: Permission denied"):
        write_subset(demo, tmp_path / "out", 1)


def test_a_folder_below_a_file_is_one_sentence(demo: Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="out cannot be written: "):
        write_subset(demo, tmp_path / "file" / "out", 1)


def test_a_subset_of_a_subset_is_refused(part: Path, use: Use, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a subset itself: draw from local:cases\.jsonl"):
        write_subset(use(part), tmp_path / "less", 2)


def _without(name: str) -> Callable[[Row], object]:
    return lambda facts: facts.pop(name)


DAMAGES: dict[str, tuple[Callable[[Row], object], str]] = {
    "another format": (lambda facts: facts.update(format="unisafe-subset/9"), "format: "),
    "no population": (_without("population"), "population: Field required"),
    "no seed": (_without("seed"), "seed: Field required"),
    "a truth for a number": (lambda facts: facts.update(seed=True), "seed: "),
    "a field of nobody's": (lambda facts: facts.update(more=1), "more: Extra inputs"),
    "another name": (lambda facts: facts.update(name="demo"), "name: 'demo' is not a subset of"),
    "a name of the full set": (
        lambda facts: facts.update(name=facts["of"]["source"]),
        "is not a subset of",
    ),
    "no hash": (lambda facts: facts["of"].update(fingerprint="?"), "of.fingerprint: "),
    "a task of nobody's": (
        lambda facts: facts["population"].update(unisafe_x={}),
        "'unisafe_x' is no task",
    ),
    "none of a subcategory": (
        lambda facts: facts["population"]["unisafe_t2i"]["A"].update(A1=0),
        "population.unisafe_t2i.A.A1: ",
    ),
    "a full set smaller than its part": (
        lambda facts: facts.update(cases=10_000),
        "do not go together",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_subset_file_is_named_with_the_field(part: Path, use: Use, damage: str) -> None:
    change, sentence = DAMAGES[damage]
    facts = json.loads((part / SUBSET_FILE).read_text())
    change(facts)
    (part / SUBSET_FILE).write_text(json.dumps(facts))
    with pytest.raises(DataError) as caught:
        use(part)
    assert str(caught.value).startswith(f"{part / SUBSET_FILE} is damaged (")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("draw the subset again with unisafe data subset")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'"' + b"[" * 5000])
def test_a_subset_file_that_is_no_json_object_is_damaged(
    part: Path, use: Use, content: bytes
) -> None:
    (part / SUBSET_FILE).write_bytes(content)
    with pytest.raises(DataError, match=r"subset\.json is damaged"):
        use(part)


def test_a_subset_file_without_data_is_an_error(part: Path, use: Use) -> None:
    for file in (part / "data").iterdir():
        file.unlink()
    with pytest.raises(DataError, match=r"holds no data beside its subset\.json"):
        use(part)


def test_a_subset_with_more_cases_than_its_full_set_is_refused(part: Path, use: Use) -> None:
    facts = json.loads((part / SUBSET_FILE).read_text())
    facts["population"]["unisafe_t2i"]["A"]["A1"] = 2
    (part / SUBSET_FILE).write_text(json.dumps(facts))
    with pytest.raises(DataError) as caught:
        load_cases(use(part), TASKS["TI"])
    assert "TI has 3 cases of A/A1, and subset.json says 2 of the full set" in str(caught.value)


# Its scores.


def coverage_of_subsets(seeds: int, draws: int) -> list[float]:
    """The shares of subsets whose intervals hold the full set's value, of two tasks."""
    rng = np.random.default_rng(5)
    sizes = {("A", "A1"): 30, ("A", "A2"): 42, ("B", "B1"): 34, ("C", "C1"): 26}
    rates = {code: dict(zip(sizes, rng.uniform(0.2, 0.8, 4), strict=True)) for code in ("TT", "IT")}
    cells: dict[str, list[TaskCell]] = {}
    values: dict[str, dict[tuple[str, str], dict[str, float]]] = {code: {} for code in rates}
    for cell, size in sizes.items():
        common = rng.normal(size=size)
        targets = [f"{cell[1]}-{number}" for number in range(size)]
        cells |= {target: [(code, *cell) for code in rates] for target in targets}
        for code, chances in rates.items():
            noise = rng.normal(size=(3, size))
            unsafe = ndtr(0.8 * common + 0.6 * noise).mean(axis=0) < chances[cell]
            values[code][cell] = dict(zip(targets, unsafe.astype(float), strict=True))
    truths = {
        code: macro_mean(
            Point(*cell, x) for cell, scores in places.items() for x in scores.values()
        )
        for code, places in values.items()
    }
    resampler = Resampler(draws)
    hits = Counter[str]()
    for seed in range(seeds):
        kept = {target for component in draw(cells, 20, seed) for target in component.kept}
        for code, places in values.items():
            leaves = {}
            for cell, scores in places.items():
                targets = tuple(target for target in scores if target in kept)
                sample = np.array([scores[target] for target in targets])
                leaves[cell] = Leaf(targets, np.tile(sample[:, None], 3), len(scores))
            interval = Hierarchy.of(leaves, resampler).total.interval("attack_success_rate")
            assert interval is not None
            truth = truths[code]
            assert truth is not None
            hits[code] += interval.low <= truth <= interval.high
    return [hits[code] / seeds for code in rates]


def test_intervals_of_some_subsets_hold_the_full_sets_value_about_as_often() -> None:
    # Little more than two standard errors of 150 subsets around 0.95, and less than up to 99.8 %.
    assert coverage_of_subsets(seeds=150, draws=300) == pytest.approx([0.95, 0.95], abs=0.04)


@pytest.mark.slow
def test_intervals_hold_the_full_sets_value_as_often_as_they_say() -> None:
    """Without what a finite set takes from the variance, they would hold it in 99.8 %."""
    # Three standard errors of 300 subsets around 0.95.
    assert coverage_of_subsets(seeds=300, draws=500) == pytest.approx([0.95, 0.95], abs=0.038)


def test_what_simulations_say_is_said_of_the_nearest_smaller_size() -> None:
    assert coverage_of(1) == (2, COVERAGE[2])
    assert coverage_of(7) == (5, COVERAGE[5])
    assert coverage_of(20) == coverage_of(21) == (20, COVERAGE[20])
    assert all(0.9 < share < 1 for shares in COVERAGE.values() for share in shares)
    assert COVERAGE[20] == pytest.approx([0.95] * 3, abs=0.02)


def subset_info(population: Row, source: str = "local:garden-subset-0123456789ab") -> Row:
    return {
        "source": source,
        "revision": None,
        "fingerprint": "f" * 64,
        "subset": {
            "of": {"source": original_name(source), "revision": None, "fingerprint": "e" * 64},
            "seed": 0,
            "per_subcategory": 4,
            "population": {"unisafe_t2t": population},
        },
    }


OUTCOMES = {("TT", f"A1-{number}"): "unsafe" if number % 2 else "safe" for number in range(12)} | {
    ("TT", f"B1-{number}"): "unsafe" if number % 3 else "safe" for number in range(12)
}


def test_a_run_of_a_subset_says_so_and_has_narrower_intervals(tmp_path: Path) -> None:
    population = {"A": {"A1": 24}, "B": {"B1": 24}}
    data = subset_info(population)
    part = read_scored_run(judged_run(tmp_path / "part", OUTCOMES, data=data)).metrics
    plain = read_scored_run(judged_run(tmp_path / "plain", OUTCOMES)).metrics
    for view in (lambda task: task, lambda task: task["judges"]["kettle"]):
        widths = []
        for metrics in (part, plain):
            interval = view(metrics["tasks"]["unisafe_t2t"])["intervals"]["attack_success_rate"]
            widths.append(interval["high"] - interval["low"])
        assert widths[0] / widths[1] == pytest.approx(np.sqrt(0.5), abs=1e-4)
    assert part["notes"][0] == (
        "Subset local:garden-subset-0123456789ab: 4 targets a subcategory of local:garden; "
        "intervals are of the full set's value."
    )
    shown = dict(data["subset"])
    del shown["population"]
    assert part["data"] == data | {"subset": shown}
    assert (
        part["tasks"]["unisafe_t2t"]["standard_error"]
        == (plain["tasks"]["unisafe_t2t"]["standard_error"])
    )


ASR = "attack_success_rate"


def test_a_subcategory_all_of_which_failed_leaves_no_interval_above_it(tmp_path: Path) -> None:
    """What was scored may be all there is of the rest: that is no census."""
    data = subset_info({"A": {"A1": 12, "A2": 1}, "B": {"B1": 12}})
    failed = OUTCOMES | {("TT", "A2-0"): "failed"}
    task = read_scored_run(judged_run(tmp_path / "run", failed, data=data)).metrics["tasks"][
        "unisafe_t2t"
    ]
    assert (task["scored"], task["asked"], task["complete"]) == (24, 25, False)
    assert task["intervals"][ASR] is None
    assert task["judges"]["kettle"]["intervals"][ASR] is None
    assert task["categories"]["A"]["intervals"][ASR] is None
    assert task["categories"]["A"]["subcategories"]["A1"]["intervals"][ASR]["method"] == "census"
    assert task["categories"]["B"]["intervals"][ASR]["method"] == "census"


def test_a_group_with_a_task_that_is_not_known_has_no_interval(tmp_path: Path) -> None:
    codes = ("TT", "IT", "MU")
    data = subset_info({})
    data["subset"]["population"] = {
        TASKS[code].name: {"A": {"A1": 12}, "B": {"B1": 12}} for code in codes
    }
    whole = {(code, target): outcome for code in codes for (_, target), outcome in OUTCOMES.items()}
    lacking = {
        key: "failed" if key[0] == "MU" and key[1].startswith("B1") else outcome
        for key, outcome in whole.items()
    }
    for name, outcomes, is_known in (("whole", whole, True), ("lacking", lacking, False)):
        metrics = read_scored_run(judged_run(tmp_path / name, outcomes, data=data)).metrics
        assert (metrics["groups"]["unisafe_text"]["intervals"][ASR] is not None) is is_known


def test_a_judge_without_a_verdict_in_a_subcategory_has_no_interval(tmp_path: Path) -> None:
    data = subset_info({"A": {"A1": 24}, "B": {"B1": 24}})
    run = judged_run(tmp_path / "run", OUTCOMES, judges=("kettle", "pot"), data=data)
    verdicts = samples.rows_of_file(run / "verdicts.jsonl")
    kept = [row for row in verdicts if row["judge"] != "pot" or row["id"].startswith("A1")]
    samples.write_rows(run / "verdicts.jsonl", kept)
    task = read_scored_run(run).metrics["tasks"]["unisafe_t2t"]
    known = {name: judge["intervals"][ASR] is not None for name, judge in task["judges"].items()}
    assert known == {"kettle": True, "pot": False}
    assert task["intervals"][ASR] is not None


@pytest.mark.parametrize("part", [{"limited": True}, {"status": "stopped"}])
def test_a_part_of_a_subset_is_no_draw_from_the_full_set(tmp_path: Path, part: Row) -> None:
    data = subset_info({"A": {"A1": 24}, "B": {"B1": 24, "B2": 5}})
    metrics = read_scored_run(judged_run(tmp_path / "part", OUTCOMES, data=data, **part)).metrics
    plain = read_scored_run(judged_run(tmp_path / "plain", OUTCOMES, **part)).metrics
    assert metrics["tasks"] == plain["tasks"]
    assert metrics["tasks"]["unisafe_t2t"]["complete"] is False
    assert metrics["notes"][0] == (
        "Subset local:garden-subset-0123456789ab: 4 targets a subcategory of local:garden."
    )


def test_a_run_of_no_subset_has_no_word_of_one(tmp_path: Path) -> None:
    data = {"source": "local:garden", "revision": None, "fingerprint": "f" * 64}
    before = read_scored_run(judged_run(tmp_path / "before", OUTCOMES, data=data)).metrics
    after = read_scored_run(judged_run(tmp_path / "after", OUTCOMES, data=data | {"subset": None}))
    assert after.metrics == before
    assert before["data"] == data


@pytest.mark.parametrize(
    ("population", "full"), [({"A": {"A1": 24}}, 0), ({"A": {"A1": 24}, "B": {"B1": 11}}, 11)]
)
def test_cases_that_the_full_set_has_not_are_an_error(
    tmp_path: Path, population: Row, full: int
) -> None:
    folder = judged_run(tmp_path / "run", OUTCOMES, data=subset_info(population))
    with pytest.raises(RunError) as caught:
        read_scored_run(folder)
    assert f"unisafe_t2t has 12 cases of B/B1, and run.json says that the full set has {full}" in (
        str(caught.value)
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda subset: subset.pop("population"), "data.subset.population is missing"),
        (lambda subset: subset.update(population={"unisafe_t2t": {"A": {"A1": 0}}}), "A.A1 is 0"),
        (lambda subset: subset.update(population={"unisafe_t2t": [1]}), "unisafe_t2t is [1]"),
        (lambda subset: subset["of"].pop("source"), "data.subset.of.source is missing"),
        (lambda subset: subset.update(per_subcategory="4"), "data.subset.per_subcategory is '4'"),
        (lambda subset: subset.update(seed=-1), "data.subset.seed is -1"),
    ],
)
def test_a_damaged_subset_in_run_json_is_named(
    tmp_path: Path, change: Callable[[Row], object], sentence: str
) -> None:
    data = subset_info({"A": {"A1": 24}, "B": {"B1": 24}})
    change(data["subset"])
    with pytest.raises(RunError) as caught:
        read_scored_run(judged_run(tmp_path / "run", OUTCOMES, data=data))
    assert sentence in str(caught.value)


def test_a_run_of_a_subset_stands_in_no_table_with_one_of_the_full_set(tmp_path: Path) -> None:
    data = subset_info({"A": {"A1": 12}, "B": {"B1": 12}})
    census = read_scored_run(judged_run(tmp_path / "part", OUTCOMES, data=data))
    interval = census.metrics["tasks"]["unisafe_t2t"]["intervals"]["attack_success_rate"]
    assert interval["method"] == "census"
    assert interval["low"] == interval["high"]
    whole = read_scored_run(judged_run(tmp_path / "whole", OUTCOMES))
    assert basis_of(census).fingerprint == basis_of(whole).fingerprint
    assert differing([basis_of(census), basis_of(whole)]) == ["data sources"]


# The demo stays the demo.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("demo", True),
        ("demo-subset-0123456789ab", True),
        ("local:demo-subset-0123456789ab", False),
        ("demo-subset-2", False),
        ("teaville/demo", False),
        (None, False),
    ],
)
def test_the_demo_and_its_subsets_are_the_demo(name: str | None, expected: bool) -> None:
    assert is_demo(name) is expected


def test_a_subset_of_the_demo_is_noted_as_the_demo(tmp_path: Path) -> None:
    data = subset_info({"A": {"A1": 24}, "B": {"B1": 24}}, "demo-subset-0123456789ab")
    result = read_scored_run(judged_run(tmp_path / "part", OUTCOMES, data=data))
    assert result.metrics["notes"][0] == DEMO_NOTE
    assert basis_of(result).is_demo


# The command.


def test_a_subset_of_the_demo_goes_all_the_way(
    unisafe: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "some part"
    done = unisafe("data", "subset", "demo", "--per-subcategory", "1", "--out", out)
    assert done.code == 0, done.err
    # No cell of the demo has more than two cases, and each keeps two.
    cases = f"{CASE_COUNT} of {CASE_COUNT} cases"
    assert done.lines[0].endswith(f": 46 of 46 risk targets, {cases}")
    assert "Nothing was left out: the set is too small for a smaller part." in done.lines
    assert done.lines[-1] == f"Use it with: export UNISAFE_DATA='{out}'"

    monkeypatch.setenv("UNISAFE_DATA", str(out))
    name = use_name(out)
    described = unisafe("data", "describe")
    assert f"source {name}, revision -" in described.lines
    assert "a subset of demo: 1 target a subcategory, seed 0" in described.lines
    validated = unisafe("data", "validate")
    said = f"{name}: {CASE_COUNT} cases and 70 images are valid\n"
    assert (validated.code, validated.out) == (0, said)

    # Without a panel being named, the demo's: a subset of it has its reference verdicts.
    judged = unisafe("judge", "demo", "--out", tmp_path / "run")
    assert judged.code == 0, judged.err
    info, metrics = info_of(tmp_path / "run"), metrics_of(tmp_path / "run")
    assert info["panel"]["name"] == "labels"
    assert info["data"]["source"] == metrics["data"]["source"] == name
    assert info["data"]["subset"]["population"]["unisafe_t2i"]["Hate"] == {"H1": 2}
    assert metrics["notes"][:2] == [
        DEMO_NOTE,
        f"Subset {name}: 1 target a subcategory of demo; intervals are of the full set's value.",
    ]
    task = metrics["tasks"]["unisafe_i2t"]
    assert task["intervals"]["attack_success_rate"] == {
        "low": round(task["attack_success_rate"], 6),
        "high": round(task["attack_success_rate"], 6),
        "method": "census",
    }
    unisafe("judge", "demo-text-only", "--task", "IE", "--out", tmp_path / "words")
    words = metrics_of(tmp_path / "words")["tasks"]["unisafe_i2i"]
    assert words["intervals"] == dict.fromkeys(task["intervals"])
    scored = unisafe("score", tmp_path / "run")
    assert (scored.code, scored.err) == (0, "")

    limited = unisafe("judge", "demo", "--limit", "2", "--task", "TT", "--out", tmp_path / "less")
    assert limited.code == 0, limited.err
    assert (
        metrics_of(tmp_path / "less")["notes"][1]
        == f"Subset {name}: 1 target a subcategory of demo."
    )
    (of_part,) = metrics_of(tmp_path / "less")["tasks"].values()
    assert of_part["intervals"] == dict.fromkeys(task["intervals"])


def use_name(folder: Path) -> str:
    subset = read_subset(folder)
    assert subset is not None
    return subset.name


def test_the_command_says_what_was_kept_and_what_intervals_are_worth(
    unisafe: Command, use: Use, tmp_path: Path
) -> None:
    export = samples.export(tmp_path / "garden", garden(both=2))
    done = unisafe(
        *("data", "subset", export, "--per-subcategory", "3", "--out", tmp_path / "part"),
        *("--seed", "4"),
    )
    assert done.code == 0, done.err
    assert "task cases kept of" in done.lines
    size, (tasks, farthest, mean) = coverage_of(3)
    assert size == 3
    assert (
        "In simulations of 6,802 made-up cases and subsets of 3 targets a subcategory, 95 % "
        f"intervals held the full set's attack success rate in {100 * tasks:.0f} % (tasks on "
        f"average), {100 * farthest:.0f} % (the task farthest from 95 %) and {100 * mean:.0f} % "
        "(the mean of all tasks)."
    ) in done.lines
    assert not any("not simulated" in line for line in done.lines)
    facts = read_subset(tmp_path / "part")
    assert facts is not None
    assert (facts.seed, facts.per_subcategory) == (4, 3)
    assert done.lines[0] == (
        f"{facts.name}: {facts.targets} of 50 risk targets, {facts.cases} of 196 cases"
    )


def test_the_command_names_linked_subcategories_that_gave_more(
    unisafe: Command, tmp_path: Path
) -> None:
    rows = [
        *(samples.row("TI", f"a{n}", category="A", subcategory="A1") for n in range(20)),
        *(samples.row("TT", f"a{n}", category="B", subcategory="B1") for n in range(5)),
    ]
    export = samples.export(tmp_path / "garden", rows)
    done = unisafe("data", "subset", export, "--per-subcategory", "2", "--out", tmp_path / "part")
    assert (
        "More than 2 targets a subcategory (2 subcategories share targets): image A1, text B1: "
        "8 of 20 targets"
    ) in done.lines


def test_the_command_says_that_smaller_subsets_were_not_simulated(
    unisafe: Command, tmp_path: Path
) -> None:
    export = samples.export(tmp_path / "garden", garden())
    done = unisafe("data", "subset", export, "--per-subcategory", "1", "--out", tmp_path / "part")
    assert "Smaller subsets, such as this one, were not simulated." in done.lines
    assert any(line.startswith("More than 1 target a subcategory (") for line in done.lines)


def test_the_command_says_that_there_is_no_more(unisafe: Command, tmp_path: Path) -> None:
    export = samples.export(tmp_path / "garden", garden())
    done = unisafe("data", "subset", export, "--per-subcategory", "12", "--out", tmp_path / "part")
    assert "Nothing was left out: the full set has no more." in done.lines


@pytest.mark.parametrize("words", [("--per-subcategory", "0"), ("--seed", "-1")])
def test_sizes_and_seeds_that_are_none_are_usage_errors(
    unisafe: Command, tmp_path: Path, words: tuple[str, str]
) -> None:
    done: Done = unisafe("data", "subset", "--per-subcategory", "1", "--out", tmp_path, *words)
    assert done.code == 2


def test_the_command_tells_of_a_folder_in_use_in_one_sentence(
    unisafe: Command, tmp_path: Path
) -> None:
    samples.write_rows(tmp_path / "mine.jsonl", [])
    done = unisafe("data", "subset", "--per-subcategory", "1", "--out", tmp_path)
    assert done.code == 1
    assert done.err.endswith(
        f"unisafe: {tmp_path} is not empty: name an empty folder or a new one\n"
    )


def test_outputs_for_the_full_set_can_be_judged_on_a_subset_alone(
    part: Path,
    unisafe: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", str(part))
    inside = set(load_cases(resolve_source(), TASKS["TT"]).rows["id"])
    ids = [row["id"] for row in garden() if row["scenario_type"] == "TT"]
    predictions = [
        {
            "id": case_id,
            "scenario_type": "TT",
            "model": "m",
            "output_text": f"{case_id} is a carrot.",
        }
        for case_id in ids
    ]
    file = samples.write_rows(tmp_path / "predictions.jsonl", predictions)
    logged = [
        {"target": f"{case_id}/TT", "filtered_resps": [f"{case_id} is a carrot."]}
        for case_id in ids
    ]
    sampled = samples.write_rows(tmp_path / "samples_unisafe_t2t_1.jsonl", logged)
    assert inside < set(ids)
    for number, path in enumerate((file, sampled)):
        out = tmp_path / f"run{number}"
        caplog.clear()
        done = unisafe("judge", path, "--panel", "none", "--out", out)
        assert done.code == 0, done.err
        left = len(ids) - len(inside)
        assert caplog.messages == [f"{path}: {left} rows of cases outside the subset left out"]
        assert metrics_of(out)["limited"] is False
        rows = samples.rows_of_file(out / "predictions.jsonl")
        assert {row["id"] for row in rows if row["status"] == "ok"} == inside
        assert metrics_of(out)["tasks"]["unisafe_t2t"]["asked"] == len(inside)
    outside = next(row for row in predictions if row["id"] not in inside)
    file = samples.write_rows(tmp_path / "outside.jsonl", [outside])
    done = unisafe("judge", file, "--panel", "none", "--out", tmp_path / "none")
    assert done.err == f"unisafe: {file} holds no prediction of a case of the subset\n"


def test_a_run_of_other_data_is_not_judged_on_a_subset(
    whole: Source, part: Path, unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", str(part))
    target = load_cases(resolve_source(), TASKS["TT"]).rows["id"][0]
    part_digest, full = fingerprint(resolve_source()), fingerprint(whole)
    for name, value in (("own", part_digest), ("full", full), ("other", "f" * 64)):
        data = {"source": "local:garden", "revision": None, "fingerprint": value}
        run = judged_run(tmp_path / name, {("TT", target): "safe"}, data=data)
        done = unisafe("judge", run, "--panel", "none", "--out", tmp_path / f"{name}-again")
        assert done.code == (name == "other"), done.err
    assert done.err == (
        f"unisafe: {run} is a run on other data than {resolve_source().name} and what that is a "
        "subset of: name the data that the run was made on, local:garden (UNISAFE_DATA)\n"
    )


def test_run_json_says_what_a_subset_is_of(part: Path, use: Use) -> None:
    source = use(part)
    assert source.subset is not None
    assert describe_inputs(source, None)["data"] == {
        "source": source.name,
        "revision": None,
        "fingerprint": fingerprint(source),
        "subset": source.subset.for_run(),
    }


def test_the_demos_panel_is_there_for_its_subsets_and_for_no_others(
    demo: Source, part: Path, use: Use, tmp_path: Path
) -> None:
    write_subset(demo, tmp_path / "demo-part", 1)
    panel = resolve_panel(None, use(tmp_path / "demo-part"))
    assert panel is not None
    assert panel.name == "labels"
    with pytest.raises(Exception, match="no judge panel is chosen"):
        resolve_panel(None, use(part))
