"""Planned markers found again among the channels of a data set, without ever guessing.

Two spellings are the same marker when their keys are equal (`marker_key`): letter case, blanks,
hyphens, underscores and the way Greek letters are written do not count. Whatever else differs is
another marker: better a marker is shown as missing than matched wrongly.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pxcore.errors import PanelError
from pxcore.types.cells import Channel, Panel, Role
from pxcore.types.staged_views import MarkerMatch

__all__ = ["MarkerMatch", "marker_key", "match_markers"]

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "σ": "sigma", "ς": "sigma",
    "τ": "tau", "ω": "omega",
}  # fmt: skip
_SHORT = {
    "alpha": "a", "beta": "b", "gamma": "g", "delta": "d", "epsilon": "e", "zeta": "z",
    "kappa": "k", "lambda": "l",
}  # fmt: skip
_SPELLED = re.compile(r"(?<!^ig)(?:" + "|".join(_SHORT) + ")")
_IGNORED = re.compile(r"[\s_\-\u00ad\u200b-\u200d\u2010-\u2015\u2060\u2212\ufeff]+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)-(?=\d)")


def marker_key(name: str) -> str:
    """Return what two spellings of one marker have in common; empty for a blank name.

    Compatibility forms are folded (NFKC), case, blanks, hyphens and underscores go. Between two
    digits one hyphen stays: "CD3 1" is not CD31. A Greek letter equals its name and its usual
    Latin letter (α, alpha, a), except after "Ig": Ig-alpha is CD79a, IgA an antibody.

    >>> marker_key("TNF-α") == marker_key("tnf alpha") == marker_key("TNFa")
    True
    >>> marker_key("CD3 1") == marker_key("CD31"), marker_key("Igα") == marker_key("IgA")
    (False, False)
    """
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = _BETWEEN_DIGITS.sub("\0", _IGNORED.sub("-", text))
    text = text.replace("-", "").replace("\0", "-")
    text = "".join(_GREEK.get(letter, letter) for letter in text)
    return _SPELLED.sub(lambda found: _SHORT[found[0]], text)


def match_markers(planned: Sequence[str], panel: Panel) -> MarkerMatch:
    """Return which channel of a data set shows each planned marker.

    A channel shows a marker when its ``marker`` or its ``name`` has the marker's key. Stain-free
    channels and decoys show none.

    Raises
    ------
    PanelError
        When two planned markers, or two channels, cannot be told apart by their keys, or one
        channel fits two planned markers: both are named, nothing is guessed.
    """
    wanted: dict[str, str] = {}
    for marker in planned:
        key = marker_key(marker)
        if key in wanted:
            message = (
                f"the planned markers {wanted[key]!r} and {marker!r} are spelled alike, so no "
                "channel can be told for one of them; plan one of the two"
            )
            raise PanelError(message)
        wanted[key] = marker
    stains = [c for c in panel.channels if not c.role.stain_free and c.role is not Role.DECOY]
    found: dict[str, Channel] = {}
    for channel in stains:
        keys = [key for key in dict.fromkeys(_keys(channel)) if key in wanted]
        if len(keys) > 1:
            message = (
                f"channel {_words(channel)} fits two planned markers, {wanted[keys[0]]!r} and "
                f"{wanted[keys[1]]!r}; correct its name or its marker in the panel sheet"
            )
            raise PanelError(message)
        for key in keys:
            if key in found:
                message = (
                    f"planned marker {wanted[key]!r} fits two channels, {_words(found[key])} and "
                    f"{_words(channel)}; rename one of them in the panel sheet, or mend its marker"
                )
                raise PanelError(message)
            found[key] = channel
    used = {channel.name for channel in found.values()}
    return MarkerMatch(
        pairs=tuple((wanted[key], found[key].name) for key in wanted if key in found),
        missing=tuple(marker for key, marker in wanted.items() if key not in found),
        extra=tuple(channel.name for channel in stains if channel.name not in used),
    )


def _keys(channel: Channel) -> tuple[str, ...]:
    """Return the keys that a channel answers to; none that is blank."""
    return tuple(key for key in (marker_key(channel.marker), marker_key(channel.name)) if key)


def _words(channel: Channel) -> str:
    """Return a channel's name, with its marker where that says something else."""
    if channel.marker and channel.marker != channel.name:
        return f"{channel.name!r} (marker {channel.marker!r})"
    return repr(channel.name)
