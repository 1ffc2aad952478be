"""Values as a model reads them, of the libraries that make them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_stream_chat.magics.values import TEXT_CHARACTERS, VALUE_CHARACTERS, describe, outline

np = pytest.importorskip("numpy")


def test_text_is_put_in_whole_up_to_a_bound() -> None:
    assert describe("x" * TEXT_CHARACTERS) == "x" * TEXT_CHARACTERS
    long = describe("begin" + "x" * 50_000 + "end")
    assert len(long) < TEXT_CHARACTERS + 100
    assert long.startswith("begin")
    assert long.endswith("end")
    assert "30,008 characters left out" in long


def test_containers_are_bounded() -> None:
    assert describe([1, 2]) == "[1, 2]"
    assert len(describe(list(range(10**6)))) < 1_000
    assert len(describe(dict.fromkeys(range(1000), "v" * 100))) < VALUE_CHARACTERS + 100


def test_arrays() -> None:
    assert describe(np.zeros((2, 2))) == "array of shape (2, 2) and type float64\n[[0. 0.]\n [0. 0.]]"
    assert len(describe(np.zeros((1000, 1000)))) < VALUE_CHARACTERS
    assert describe(np.float64(1.5)) == "np.float64(1.5)"


def test_data_frames() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"city": ["Bonn", "Köln"] * 5000, "size": range(10_000)})
    text = describe(frame)
    assert text.startswith("DataFrame of 10000 rows and 2 columns (city: ")
    assert "size: int64" in text
    assert "Bonn" in text
    assert "9999" in text
    assert len(text) < 2_000
    assert describe(frame["size"]).startswith("Series of 10000 values\n")


def test_figures_are_told_in_words() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1, 2], [3, 9, 4], label="speed")
    axes.bar([1, 2], [3, 4])
    axes.scatter([1], [2])
    axes.set_title("A run")
    axes.set_xlabel("time")
    for value in (figure, axes):
        text = describe(value)
        assert "title 'A run'" in text
        assert "x 'time'" in text
        assert "line 'speed': 3 points, y from 3 to 9" in text
        assert "2 bars" in text
        assert "1 scattered points" in text


def test_an_outline_has_no_data() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"city": ["Bonn"], "size": [3]})
    assert outline(frame).startswith("DataFrame of 1 rows and 2 columns (city: ")
    assert "Bonn" not in outline(frame)
    assert outline(frame["size"]) == "Series of 1 values and type int64"
    assert outline(np.zeros((2, 2))) == "array of shape (2, 2) and type float64"
    assert outline(7) == "int: 7"
    assert outline("secret") == "str of length 6"
    assert outline([1, 2]) == "list of length 2"
    assert [outline(code) for code in (len, str, pytest)] == ["", "", ""]


def test_an_outline_runs_nothing_of_the_users() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

    assert outline(Loud()).endswith("Loud")


def test_no_library_is_imported_for_it() -> None:
    code = (
        "import sys; from jupyter_stream_chat.magics.values import describe; describe([1]); "
        "print([name for name in ('numpy', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code]).decode().strip() == "[]"
