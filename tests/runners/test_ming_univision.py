"""The runner of Ming-UniVision asks as `app.py` of its repository does at 3bbdd2f."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runners.conftest import Served, Start, picture, size_of, stand_in

# app.py:61,73-96@3bbdd2f, and mingunivision/test_infer_unified.py:10,31-54@3bbdd2f
DRAWN_AS = "Please generate the corresponding image based on the description. "
EDITED_BY = [
    "Given the edit instruction: Make it blue., please identify the editing region",
    "Make it blue.",
    "Refine the image for better clarity.",
]
DECODING = {
    "max_new_tokens": 512,
    "do_sample": False,
    # mingunivision/modeling_bailingmm.py:224-226,279@3bbdd2f
    "image_gen_temperature": 1.0,
    "image_gen_text_cfg": 3.0,
    "image_gen_image_cfg": 1.1,
    "past_mode": "DROP",
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = stand_in("ming_univision", tmp_path_factory.mktemp("ming"))
    # mingunivision/modeling_bailingmm.py:102@3bbdd2f
    (folder / "models" / "MingTok-Vision").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def ming(start: Start, weights: Path, repository: Path) -> Served:
    return start("ming_univision", weights, repository=repository, seed=7)


def test_it_is_loaded_in_its_repository_whose_folders_its_code_names(
    ming: Served, weights: Path, repository: Path
) -> None:
    # mingunivision/mingunivisioninfer.py:43-44@3bbdd2f
    assert ming.calls("model") == [
        {"path": str(weights), "dtype": "bf16", "folder": str(repository)}
    ]


def test_without_its_image_tokenizer_it_says_where_that_goes(start: Start, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        start("ming_univision", tmp_path, repository=stand_in("ming_univision", tmp_path))
    said = str(caught.value)
    assert "its image tokenizer is missing: download inclusionAI/MingTok-Vision into" in said
    assert "\n" not in said


@pytest.mark.parametrize("code", ["TI", "MT"])
def test_a_prompt_is_drawn_in_one_round(ming: Served, code: str) -> None:
    answer = ming.ask(code, "A kite.")
    assert answer.error is None
    assert size_of(answer) == (512, 512)
    call = ming.calls("round")[-1]
    assert call["messages"] == [
        {"role": "HUMAN", "content": [{"type": "text", "text": f"{DRAWN_AS}A kite."}]}
    ]
    assert (call["for_edit"], call["number"], call["seed"]) == (False, 0, 7)
    assert ming.calls("decode")[-1] == DECODING


@pytest.mark.parametrize("code", ["IE", "MT"])
def test_an_edit_has_three_rounds_and_the_last_image_counts(ming: Served, code: str) -> None:
    answer = ming.ask(code, "Make it blue.", picture(64, 48))
    assert size_of(answer) == (512, 512)
    calls = ming.calls("round")[-3:]
    contents = [call["messages"][0]["content"] for call in calls]
    assert [content[-1]["text"] for content in contents] == EDITED_BY
    # The image comes once; later rounds have it in their state.
    assert contents[0][0] == {"type": "image", "image": "image 64x48"}
    assert [len(content) for content in contents] == [2, 1, 1]
    assert [call["for_edit"] for call in calls] == [True] * 3
    assert [call["number"] for call in calls] == [0, 1, 2]
    assert [call["prefix"] for call in calls] == ["round-0", "round-1", "round-2"]


@pytest.mark.parametrize(("code", "images"), [("TT", 0), ("IT", 1), ("MU", 1)])
def test_texts_are_asked_for_with_the_prompt_alone(ming: Served, code: str, images: int) -> None:
    answer = ming.ask(code, "What is it?", *[picture(64, 48)] * images)
    assert (answer.text, answer.images) == ("A text.", ())
    call = ming.calls("round")[-1]
    (message,) = call["messages"]
    assert message["content"][-1] == {"type": "text", "text": "What is it?"}
    assert len(message["content"]) == 1 + images
    assert (call["for_edit"], call["number"]) == (False, 0)


def test_words_in_the_place_of_a_drawing_are_the_answer(ming: Served) -> None:
    answer = ming.ask("TI", "Draw nothing.")
    assert (answer.text, answer.images) == ("A text.", ())


def test_a_question_that_fails_leaves_no_state_behind(ming: Served) -> None:
    assert (
        ming.ask("IE", "fail", picture(64, 48)).error == "the worker says: RuntimeError: it fails"
    )
    ming.ask("TI", "A kite.")
    assert ming.calls("round")[-1]["number"] == 0
