"""Frozen values: what they refuse and what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from pxcore.errors import PanelError
from pxcore.types import Channel, Dataset, Fold, Panel, Role


def panel(*names: str) -> Panel:
    return Panel(tuple(Channel(name=name) for name in names))


def test_a_panel_refuses_doubled_names() -> None:
    with pytest.raises(PanelError, match="'CD3' appears twice"):
        panel("BF", "CD3", "CD3")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_panel_refuses_blank_names(name: str) -> None:
    with pytest.raises(PanelError, match="channel 2 has no name"):
        panel("BF", name)


def test_a_panel_refuses_to_be_empty() -> None:
    with pytest.raises(PanelError, match="no channel"):
        Panel(())


def test_an_unknown_channel_is_told_the_known_ones() -> None:
    with pytest.raises(PanelError, match="channel 'CD45' is not in the panel; it has BF, CD3"):
        panel("BF", "CD3").index("CD45")


def test_take_keeps_the_order_asked_for() -> None:
    assert panel("a", "b", "c").take((2, 0)).names == ("c", "a")


def test_only_brightfield_and_darkfield_are_free_of_stain() -> None:
    assert {role for role in Role if role.stain_free} == {Role.BRIGHTFIELD, Role.DARKFIELD}


def test_a_fold_cannot_be_written_through() -> None:
    rows = np.arange(3)
    fold = Fold(rows, rows, rows)
    with pytest.raises(ValueError, match="read-only"):
        fold.train[0] = 9
    rows[0] = 7  # the caller keeps its own rights


def test_one_donor_is_no_grouping() -> None:
    shared = {"id": "x", "title": "", "panel": panel("a"), "classes": ("k",)}
    shape = {"class_counts": (4,), "n_cells": 5, "image_shape": (1, 8, 8), "dtype": "uint16"}
    alone = Dataset(**shared, **shape, groups=("donor 1",))  # type: ignore[arg-type]
    pair = Dataset(**shared, **shape, groups=("donor 1", "donor 2"))  # type: ignore[arg-type]
    assert not alone.has_groups
    assert pair.has_groups
    assert alone.n_labelled == 4
