"""Names that are cut stay different, and fit."""

from rich.cells import cell_len

from unisafe_tasks.shortening import shortened


def test_a_name_that_fits_is_whole() -> None:
    assert shortened(["carrot-7b"], 9, cell_len) == ["carrot-7b"]


def test_a_long_name_is_cut_in_the_middle() -> None:
    assert shortened(["kettlelab/Turnip-Omni"], 11, cell_len) == ["kettl…-Omni"]


def test_names_that_differ_only_in_the_middle_are_cut_elsewhere() -> None:
    names = ["garden-of-carrot-and-leeks", "garden-of-turnip-and-leeks"]
    short = shortened(names, 18, cell_len)

    assert len(set(short)) == 2
    assert not any("#" in name for name in short)


def test_names_that_no_cut_keeps_apart_get_numbers() -> None:
    names = [f"{'a' * 30}{sign}{'b' * 30}" for sign in "xyz"]

    assert shortened(names, 12, cell_len) == ["aaaa…bbbb #1", "aaaa…bbbb #2", "aaaa…bbbb #3"]


def test_a_wide_sign_takes_two_cells() -> None:
    (short,) = shortened(["人参と大根と玉葱"], 9, cell_len)

    assert cell_len(short) <= 9
