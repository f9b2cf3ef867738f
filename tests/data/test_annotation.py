"""Classes and groups by number, and from a CSV by object number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcore.data.annotation import Annotation, encode, from_csv, from_csv_text
from pxcore.errors import DatasetError

NUMBERS = np.array([12, 3, 44, 5])
names = st.none() | st.sampled_from(["T cell", "B cell", "10", "9", "NK", "café"])


@given(cells=st.lists(st.tuples(names, names), min_size=1, max_size=30))
def test_names_become_numbers_and_back(cells: list[tuple[str | None, str | None]]) -> None:
    labels, groups = [list(column) for column in zip(*cells, strict=True)]
    annotation, _ = encode(labels, groups)
    table = (*annotation.classes, None)  # -1 picks the last
    assert [table[number] for number in annotation.labels] == labels
    table = (*annotation.group_names, None)
    assert [table[number] for number in annotation.groups] == groups
    assert sum(annotation.class_counts) == sum(label is not None for label in labels)
    assert all(annotation.class_counts)


def test_order_of_classes() -> None:
    assert encode(["b", "10", "9", "a"], [None] * 4)[0].classes == ("9", "10", "a", "b")
    annotation, notes = encode(["b", None], [None] * 2, ("c", "b", "a"))
    assert annotation.classes == ("b",)
    assert annotation.labels.tolist() == [0, -1]
    assert notes == ("No cell is labelled c, a: left out of the classes.",)


def test_saved_and_loaded(tmp_path: Path) -> None:
    annotation, _ = encode(["G1", None, "café"], ["d1", "d2", None])
    annotation.save(tmp_path)
    loaded = Annotation.load(tmp_path)
    assert loaded.content_hash == annotation.content_hash
    assert (loaded.classes, loaded.group_names) == (annotation.classes, annotation.group_names)
    with pytest.raises(ValueError, match="read-only"):
        loaded.labels[0] = 1
    (tmp_path / "annotation.npz").write_bytes(b"PK")
    with pytest.raises(DatasetError, match="import the data set again"):
        Annotation.load(tmp_path)


def test_hash_sees_names_labels_and_groups() -> None:
    base = encode(["a", "b"], ["x", "y"])[0].content_hash
    for labels, groups in ((["b", "a"], ["x", "y"]), (["a", "c"], ["x", "y"]), (["a", "b"], "yx")):
        assert encode(labels, list(groups))[0].content_hash != base
    assert encode(["a", "b"], ["x", "y"])[0].content_hash == base


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(DatasetError, match="labels reach"):
        Annotation(np.array([0, 2]), np.array([-1, -1]), ("a", "b"), ())
    with pytest.raises(DatasetError, match="expected as many"):
        Annotation(np.array([0, 1]), np.array([-1]), ("a", "b"), ())


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_labels_cells_by_number(separator: str) -> None:
    text = "\ufefflabel,Object_Number,group\nT,3,d1\nB,12,d2\nT,5,\n".replace(",", separator)
    annotation, notes = from_csv_text(text.removeprefix("\ufeff"), NUMBERS)
    assert annotation.classes == ("B", "T")
    assert annotation.labels.tolist() == [0, 1, -1, 1]
    assert annotation.groups.tolist() == [1, 0, -1, -1]
    assert notes == ("1 of 4 cells are unlabelled.",)


def test_csv_without_groups_keeps_them_and_the_order_of_classes() -> None:
    keep, _ = encode(["T", "B", "T", "B"], ["x", "x", "y", None], ("T", "B"))
    annotation, _ = from_csv_text("object_number,label\n12,B\n3,T\n44,A\n5,B\n", NUMBERS, keep=keep)
    assert annotation.classes == ("T", "B", "A")
    assert annotation.groups.tolist() == keep.groups.tolist()
    assert annotation.labels.tolist() == [1, 0, 2, 1]


def test_one_unknown_number_is_told_as_one() -> None:
    _, notes = from_csv_text("object_number,label\n12,T\n900,T\n", NUMBERS)
    assert notes[0].startswith("1 row of the labels names no cell")


def test_unknown_numbers_are_counted(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("object_number,label\n12,T\n900,T\n901,B\n", "utf-8-sig")
    annotation, notes = from_csv(tmp_path / "l.csv", NUMBERS)
    assert annotation.class_counts == (1,)
    assert notes[0] == (
        "2 rows of l.csv name no cell of this data set, such as object 900: not used."
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("object_number,label\n1,T\n2,B\n", r"none of 2 object numbers.*such as 3, 5, 12, 44"),
        ("cell,label\n12,T\n", "columns are cell, label; expected object_number, label"),
        ("", "columns are an empty file"),
        ("object_number,label\n", "no line below the header"),
        ("object_number,label\n12,T\n12,B\n", r"line 3: object 12 comes twice"),
        (
            "object_number,label,group\n12,T,\n12,B,d1\n",
            "comes twice, as 'T' and as 'B' of group 'd1'; give",
        ),
        ("object_number,label\ntwelve,T\n", "line 2: object_number is 'twelve'"),
        ("object_number,label\n1.5,T\n", "line 2: object_number is '1.5'"),
        ('object_number,label\n12,"' + "x" * 200_000, "not a CSV"),
        ('"' + "x" * 200_000, "not a CSV"),
    ],
)
def test_bad_csv_is_told(text: str, says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        from_csv_text(text, NUMBERS)


def test_unreadable_csv_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read as text"):
        from_csv(tmp_path / "none.csv", NUMBERS)
    (tmp_path / "l.csv").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(DatasetError, match="UTF-8"):
        from_csv(tmp_path / "l.csv", NUMBERS)
