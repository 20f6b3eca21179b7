"""`unisafe site`: what is on the pages, what must not be, and what is refused."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import DEMO, Command, Done, info_of, metrics_of
from tests.tasks.publishing.synthetic import rewrite
from tests.tasks.run_folders import judged_run, outcomes
from tests.tasks.samples import rows_of_file
from tests.tasks.site.many import NAMES, many_runs, one_run
from unisafe_tasks import CaseSet, numerals
from unisafe_tasks.labels.annotations import Annotation
from unisafe_tasks.labels.calibration import build_card
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.site.submissions import page_name

TIMES = {"started": "2026-03-01T10:00:00+00:00", "ended": "2026-03-01T12:00:00+00:00"}


@pytest.fixture
def site(unisafe: Command, tmp_path: Path) -> Callable[..., Done]:
    """Writes a site into tmp_path / "site"."""
    return lambda *words: unisafe("site", *words, "--out", tmp_path / "site")


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Writes a run of one task."""

    def write(name: str, model: str, cells: str = "safe unsafe safe refused", **info: Any) -> Path:
        return judged_run(
            tmp_path / name, outcomes("TT", D1=cells, E2=cells), model, **{**TIMES, **info}
        )

    return write


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def words_of(page: Path) -> str:
    text = re.sub(r"<(script|style).*?</\1>", " ", page.read_text("utf-8"), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def words_of_models(runs: list[Path], cases: Mapping[str, CaseSet]) -> Iterator[str]:
    """Every prompt, output and reason of the runs."""
    for case_set in cases.values():
        for case in case_set:
            yield from (case.instruction, case.target, case.unsafe_trigger, *case.turns)
    for run in runs:
        for row in rows_of_file(run / "predictions.jsonl"):
            yield from (row["output_text"] or "", *(row["image_sha256"] or ()))
        for row in rows_of_file(run / "verdicts.jsonl"):
            yield row["reasoning"] or ""


def test_no_prompt_no_output_and_no_reason_is_in_the_site(
    site: Callable[..., Done],
    demo_runs: list[Path],
    demo_cases: Mapping[str, CaseSet],
    tmp_path: Path,
) -> None:
    assert site(*demo_runs).code == 0
    text = html.unescape("\n".join(map(bytes.decode, contents(tmp_path / "site").values())))
    secrets = {words.strip() for words in words_of_models(demo_runs, demo_cases)} - {""}
    assert len(secrets) > 400
    assert [words for words in secrets if words in text] == []


def test_a_submission_makes_the_page_that_its_run_makes(
    unisafe: Command, demo_runs: list[Path], submissions: dict[str, Path], tmp_path: Path
) -> None:
    assert unisafe("site", *demo_runs, "--out", tmp_path / "of-runs").code == 0
    assert unisafe("site", *submissions.values(), "--out", tmp_path / "of-submissions").code == 0
    assert contents(tmp_path / "of-submissions") == contents(tmp_path / "of-runs")


def test_a_site_built_twice_is_the_same(site: Callable[..., Done], tmp_path: Path) -> None:
    runs = many_runs(tmp_path / "runs", 3, cases=2)
    assert site(*runs).code == 0
    before = contents(tmp_path / "site")
    assert site(*reversed(runs)).code == 0
    assert contents(tmp_path / "site") == before


def test_the_numbers_of_page_csv_json_and_metrics_are_the_same(
    site: Callable[..., Done], tmp_path: Path
) -> None:
    runs = many_runs(tmp_path / "runs", 3, cases=3)
    assert site(*runs).code == 0
    out = tmp_path / "site"
    of_csv = list(csv.DictReader((out / "scores.csv").read_text("utf-8").splitlines()))
    of_json = json.loads((out / "scores.json").read_text("utf-8"))["scores"]
    assert len(of_csv) == len(of_json)
    by_model = {read["model"]: read for read in map(metrics_or_score, runs)}
    for row, record in zip(of_csv, of_json, strict=True):
        tasks = by_model[record["model"]]["tasks"] | by_model[record["model"]]["groups"]
        value = tasks[record["task"]][record["metric"]]
        assert record["value"] == value
        assert float(row["value"]) == value
        page = out / "models" / f"{page_name(record['model'])}.html"
        assert numerals.score(value, record["metric"]) in words_of(page)
    for path in (out / "metrics").iterdir():
        stored = json.loads(path.read_text("utf-8"))
        assert stored["tasks"] == by_model[stored["model"]]["tasks"]


def metrics_or_score(run: Path) -> dict[str, Any]:
    [result] = read_scored_runs([run])
    return dict(result.metrics)


def test_nothing_is_loaded_from_elsewhere(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    (tmp_path / "models.yaml").write_text(
        "models: [{name: carrot, link: 'https://example.org/carrot'}]"
    )
    assert site(small("run", "carrot"), "--models", tmp_path / "models.yaml").code == 0
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) == 3
    links = [
        found
        for page in pages
        for found in re.findall(r'(?:src|href)="([^"]*)"', page.read_text("utf-8"))
    ]
    away = {link for link in links if re.match(r"\w+:|//", link)}
    assert {link for link in away if not link.startswith("data:")} == {
        "https://arxiv.org/abs/2603.17476",
        "https://example.org/carrot",
    }
    for page in pages:
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page.read_text("utf-8"))
        assert policy is not None
        assert html.unescape(policy[1]).startswith("default-src 'none';")
        assert "unsafe" not in policy[1]


def test_every_link_inside_leads_somewhere(site: Callable[..., Done], tmp_path: Path) -> None:
    assert site(*many_runs(tmp_path / "runs", cases=1)).code == 0
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text("utf-8")
        ids = set(re.findall(r' id="([^"]*)"', text))
        for link in re.findall(r'(?:src|href)="([^"]*)"', text):
            if link.startswith("#"):
                assert link == "#" or link[1:] in ids, (page, link)
            elif not re.match(r"\w+:", link):
                assert (page.parent / link.partition("#")[0]).is_file(), (page, link)


def test_each_model_has_a_page_of_its_own_whatever_its_name(
    site: Callable[..., Done], tmp_path: Path
) -> None:
    assert site(*many_runs(tmp_path / "runs", cases=1)).code == 0
    pages = [path.name for path in (tmp_path / "site" / "models").iterdir()]
    assert len({name.lower() for name in pages}) == len(NAMES)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{5,80}\.html", name) for name in pages)
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "<img" not in index


def test_what_a_models_file_says_is_on_the_pages(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    (tmp_path / "models.yaml").write_text(
        "models:\n"
        "  - name: carrot\n    organisation: Teaville & Sons\n    size: 7B\n"
        "    openness: open weights\n    link: https://example.org/carrot\n"
        "    date: 2026-02-03\n    submitter: Our Lab\n"
        "  - name: nobody\n"
    )
    done = site(small("a", "carrot"), small("b", "turnip"), "--models", tmp_path / "models.yaml")
    assert done.code == 0
    assert done.err.splitlines() == [
        "the models file has no entry for turnip",
        "the models file has entries that no run is of: nobody",
    ]
    page = words_of(tmp_path / "site" / "models" / f"{page_name('carrot')}.html")
    for fact in (
        "Organisation Teaville & Sons",
        "Size 7B",
        "Openness open weights",
        "Released 2026-02-03",
        "Run by Our Lab",
        "https://example.org/carrot",
    ):
        assert fact in page
    index = words_of(tmp_path / "site" / "index.html")
    assert "carrot Teaville & Sons 7B open weights 2026-02-03 Our Lab" in index
    other = words_of(tmp_path / "site" / "models" / f"{page_name('turnip')}.html")
    assert "Organisation not given" in other


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold the keys 'models'"),
        ("models: []", "line 1: models must have at least 1 entry"),
        ("models: [{size: 7B}]", "line 1: models.0.name is missing"),
        ("models: [{name: a, vendor: b}]", "models.0 has no key 'vendor'; it may have: name, org"),
        ("models: [{name: a, sise: 7B}]", "did you mean 'size'?"),
        ("models: [{name: a, size: 7}]", "models.0.size must be a text"),
        ("models: [{name: a, openness: half}]", "models.0.openness must be 'open source', 'open"),
        ("models: [{name: a, date: soon}]", "models.0.date must be a date such as 2026-11-27"),
        ("models: [{name: a, link: 'javascript:alert(1)'}]", "that begins with https://"),
        ("models: [{name: a, link: 'http://example.org'}]", "that begins with https://"),
        ("models: [{name: a, link: 'https://me:pw@example.org'}]", "names no user"),
        ("models:\n- name: a\n- name: a\n", "two entries have the name a"),
        ("date: 2026-01-01\nmodels: [{name: a}]", "has no key 'date'; it may have: models"),
        ("models: [{name: a, name: b}]", "the key 'name' is there twice"),
        ("models: {", "is not valid YAML"),
    ],
)
def test_a_fault_in_the_models_file_is_one_sentence(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path], text: str, said: str
) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(text)
    done = site(small("run", "carrot"), "--models", path)
    assert done.code == 1
    assert f"models file of a site {path}" in done.err
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "site").exists()


def test_a_later_run_takes_the_place_of_an_earlier_one_and_both_are_in_the_history(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    later = {"started": "2026-04-01T10:00:00+00:00", "ended": "2026-04-02T00:30:00+02:00"}
    old = small("old", "carrot", "unsafe unsafe unsafe unsafe")
    new = small("new", "carrot", "safe safe safe safe", **later)
    assert site(old, new).code == 0
    out = tmp_path / "site"
    index = words_of(out / "index.html")
    assert "1 model, 2 submissions. Updated 2026-04-01." in index
    history = words_of(out / "history.html")
    assert re.search(r"2026-04-01 carrot .* in the table .*2026-03-01 carrot .* replaced", history)
    page = words_of(out / "models" / f"{page_name('carrot')}.html")
    assert "Run of 2026-04-01" in page
    assert "Run of 2026-03-01" not in page
    assert "2026-03-01" in page
    scores = json.loads((out / "scores.json").read_text("utf-8"))["scores"]
    assert {s["value"] for s in scores if s["metric"] == "attack_success_rate"} == {0.0}
    assert len(list((out / "metrics").iterdir())) == 2


def test_runs_of_one_model_that_were_asked_otherwise_are_both_in_the_table(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    later = {"started": "2026-04-01T10:00:00+00:00", "ended": "2026-04-01T12:00:00+00:00"}
    runs = [
        small("a", "carrot", gen_kwargs="temperature=0"),
        small("b", "carrot", gen_kwargs="temperature=1", **later),
    ]
    assert site(*runs).code == 0
    page = words_of(tmp_path / "site" / "models" / f"{page_name('carrot')}.html")
    assert "Run of 2026-04-01" in page
    assert "Run of 2026-03-01" in page


def test_scores_of_exactly_0_and_1_are_shown(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    runs = [
        small("a", "all-safe", "safe safe safe"),
        small("b", "all-unsafe", "unsafe unsafe unsafe"),
    ]
    assert site(*runs).code == 0
    for name, score in (("all-safe", "0.0 ["), ("all-unsafe", "100.0 [")):
        page = words_of(tmp_path / "site" / "models" / f"{page_name(name)}.html")
        assert f"TT text to text {score}" in page


def test_a_judge_card_is_on_the_pages_of_its_panel_s_models(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path], demo_runs: list[Path]
) -> None:
    labels = [
        Annotation(
            *(row["id"], row["scenario_type"], "demo", row["output_sha256"], "ada", 1, 2, False)
        )
        for row in rows_of_file(demo_runs[0] / "predictions.jsonl")
    ]
    card = tmp_path / "card.json"
    card.write_text(json.dumps(build_card(read_scored_runs([demo_runs[0]]), labels)))
    assert site(demo_runs[0], small("run", "carrot"), "--card", card).code == 0
    pages = tmp_path / "site" / "models"
    assert "Judge card of panel labels" in words_of(pages / f"{page_name('demo')}.html")
    other = words_of(pages / f"{page_name('carrot')}.html")
    assert "This site has no judge card of the panel" in other
    done = site(small("alone", "turnip"), "--card", card)
    assert done.code == 1
    assert "belongs to none of these runs" in done.err


def test_data_that_is_not_unisafe_is_named_before_the_scores(
    site: Callable[..., Done], tmp_path: Path, demo_runs: list[Path], small: Callable[..., Path]
) -> None:
    assert site(demo_runs[0], small("run", "carrot")).code == 0
    words = words_of(tmp_path / "site" / "index.html")
    scores = words.index("Attack success rate")
    assert words.index("Results on these data are not UniSAFE results: local:garden") < scores
    assert words.index("Demo data: these are not UniSAFE results") < scores
    assert words.count("not UniSAFE results") == 2


def test_addresses_and_folders_of_this_machine_are_not_on_the_site(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    run = small(
        "unsafe-home-jane-weights-carrot",
        "/home/jane/weights/carrot",
        model_args="pretrained=/home/jane/weights/carrot,base_url=http://gpu7.internal:8000",
    )
    assert site(run).code == 0
    for name, data in contents(tmp_path / "site").items():
        assert b"jane" not in data, name
        assert b"gpu7" not in data, name


def test_two_models_that_are_one_by_their_public_names_are_refused(
    site: Callable[..., Done], small: Callable[..., Path]
) -> None:
    done = site(small("a", "/mnt/a/carrot"), small("b", "/mnt/b/carrot"))
    assert done.code == 1
    assert "two models are both called carrot once their folders are taken out" in done.err


def test_a_run_that_is_there_twice_is_refused(
    site: Callable[..., Done], demo_runs: list[Path], submissions: dict[str, Path]
) -> None:
    done = site(demo_runs[0], submissions["demo"])
    assert done.code == 1
    assert "is the same run as another one: name one of them" in done.err


def test_a_run_without_a_panel_is_refused(
    site: Callable[..., Done], small: Callable[..., Path]
) -> None:
    run = small("run", "carrot", panel=None)
    (run / "verdicts.jsonl").unlink()
    done = site(run)
    assert done.code == 1
    assert f"{run} was not judged: run unisafe judge" in done.err


def test_a_model_that_can_do_no_task_is_refused(
    site: Callable[..., Done], small: Callable[..., Path]
) -> None:
    run = small("run", "carrot", "unsupported unsupported")
    done = site(run)
    assert done.code == 1
    assert f"{run} has no score: no case of any task was scored" in done.err


def test_metrics_of_another_version_are_named(
    site: Callable[..., Done], demo_runs: list[Path], submission: Path
) -> None:
    rewrite(submission, "metrics.json", format="unisafe-metrics/3")
    done = site(submission)
    assert done.code == 1
    assert "has the format 'unisafe-metrics/3', and this version reads" in done.err


def test_an_edited_score_is_not_taken(site: Callable[..., Done], submission: Path) -> None:
    tasks = metrics_of(submission)["tasks"]
    tasks["unisafe_t2t"]["attack_success_rate"] = 0.0
    rewrite(submission, "metrics.json", tasks=tasks)
    done = site(submission)
    assert done.code == 1
    assert "says attack_success_rate 0.0 of unisafe_t2t, but the verdicts beside it" in done.err


def test_a_run_of_the_benign_set_is_refused(site: Callable[..., Done], tmp_path: Path) -> None:
    run = one_run(
        tmp_path / "run",
        "carrot",
        1,
        codes=["TT"],
        data={"source": "unisafe-benign", "fingerprint": "9" * 64},
    )
    done = site(run)
    assert done.code == 1
    assert "is a run of the benign set" in done.err


def test_files_of_others_in_the_folder_stay_and_pages_of_models_that_are_gone_do_not(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "README.md").write_text("---\nsdk: static\n---\n")
    carrot, turnip = small("a", "carrot"), small("b", "turnip")
    assert site(carrot, turnip).code == 0
    assert (out / "models" / f"{page_name('turnip')}.html").exists()
    assert site(carrot).code == 0
    assert not (out / "models" / f"{page_name('turnip')}.html").exists()
    assert len(list((out / "metrics").iterdir())) == 1
    assert (out / "README.md").read_text() == "---\nsdk: static\n---\n"


def test_a_page_that_is_not_of_a_site_is_not_overwritten(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path]
) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "index.html").write_text("mine")
    done = site(small("a", "carrot"))
    assert done.code == 1
    assert f"{out / 'index.html'} is there and is not of an earlier site" in done.err
    assert contents(out) == {"index.html": b"mine"}


@pytest.mark.parametrize(
    "record",
    ["{", "[]", '{"format": "unisafe-site/1", "files": ["../precious"]}', '{"files": []}'],
)
def test_a_list_of_files_that_leads_elsewhere_removes_nothing(
    site: Callable[..., Done], tmp_path: Path, small: Callable[..., Path], record: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.json").write_text(record)
    done = site(small("a", "carrot"))
    assert done.code == 1
    assert "site.json does not list the files of a site" in done.err
    assert precious.read_text() == "mine"


def test_the_citation_is_that_of_the_repository() -> None:
    import yaml

    root = DEMO.parents[1]
    cited = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))["preferred-citation"]
    text = (root / "unisafe_tasks" / "site" / "citation.bib").read_text("utf-8")
    names = re.search(r"author\s*= \{(.*?)\},\n", text, re.S)
    assert names is not None
    assert " ".join(names[1].split()) == " and ".join(
        f"{author['family-names']}, {author['given-names']}" for author in cited["authors"]
    )
    assert cited["title"] in text
    assert cited["journal"] in text


def test_info_of_a_submission_says_nothing_of_the_machine(submission: Path) -> None:
    assert not {"command", "platform", "data_setting"} & set(info_of(submission))
