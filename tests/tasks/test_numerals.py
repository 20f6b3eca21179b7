"""One way to write a number, wherever a person reads it."""

import pytest

from unisafe_tasks import numerals


@pytest.mark.parametrize(
    ("value", "metric", "written"),
    [
        (0.1321, "attack_success_rate", "13.2"),
        (0.0, "attack_success_rate", "0.0"),
        (1.0, "refusal_rate", "100.0"),
        (-0.00001, "refusal_discrimination", "0.0"),
        (1.319, "average_risk_rating", "1.32"),
        (None, "coverage", "–"),
    ],
)
def test_shares_are_in_percent_and_ratings_are_not(
    value: float | None, metric: str, written: str
) -> None:
    assert numerals.score(value, metric) == written


def test_an_interval_has_the_unit_of_its_score() -> None:
    bounds = {"low": 0.1244, "high": 0.1391}

    assert numerals.interval(bounds, "attack_success_rate") == "[12.4, 13.9]"
    assert numerals.interval(bounds, "average_risk_rating") == "[0.12, 0.14]"
    assert numerals.interval(None, "attack_success_rate") == ""


@pytest.mark.parametrize(
    ("value", "written"), [(0.032, "+3.2"), (-0.0321, "-3.2"), (0.0, "+0.0"), (None, "–")]
)
def test_a_change_has_a_sign(value: float | None, written: str) -> None:
    assert numerals.change(value, "attack_success_rate") == written


@pytest.mark.parametrize(
    ("p", "written"), [(0.0, "< 0.001"), (0.00099, "< 0.001"), (0.04, "0.040"), (None, "–")]
)
def test_a_p_value_is_never_zero(p: float | None, written: str) -> None:
    assert numerals.p_value(p) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0"), (0.0001, "<1"), (0.005, "<1"), (0.0051, "1"), (0.995, ">99"), (1.0, "100")],
)
def test_only_nothing_is_0_percent_and_only_everything_is_100(share: float, written: str) -> None:
    assert numerals.whole_percent(share) == written
