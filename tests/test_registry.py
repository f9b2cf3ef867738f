"""The tables of variants."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pxcore.errors import MethodError
from pxcore.registry import Registry


@dataclass(frozen=True)
class Thing:
    id: str


def test_keeps_the_order_of_its_list() -> None:
    table = Registry("thing", [Thing("b"), Thing("a"), Thing("c")])
    assert list(table) == ["b", "a", "c"]
    assert len(table) == 3
    assert "a" in table
    assert "z" not in table


def test_an_unknown_id_lists_the_known_ones_with_the_tables_own_error() -> None:
    table = Registry("thing", [Thing("b"), Thing("a")], MethodError)
    with pytest.raises(MethodError, match="thing 'z' is not known; there is b, a"):
        table["z"]


def test_refuses_two_entries_of_one_id() -> None:
    with pytest.raises(ValueError, match="two entries named 'a'"):
        Registry("thing", [Thing("a"), Thing("a")])


def test_cannot_be_written_to() -> None:
    table = Registry("thing", [Thing("a")])
    with pytest.raises(TypeError):
        table["b"] = Thing("b")  # type: ignore[index]
