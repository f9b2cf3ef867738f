"""A run with the methods added that part place from amount."""

from __future__ import annotations

from dataclasses import replace

import tests.example_values as ex
from pxcore.runs.followups import with_where
from pxcore.types import MethodSpec


def test_missing_methods_are_added_and_others_keep_their_settings() -> None:
    own = MethodSpec(id="permute_cells", options=(("within", "class"),))
    spec = replace(ex.spec(), methods=(MethodSpec(id="lrp"), own), title="Mine")
    more = with_where(spec)
    assert more.methods == (*spec.methods, MethodSpec(id="pxpermute_mask"))
    assert more.title == "Mine, with where or how much"
    assert with_where(more) == more
