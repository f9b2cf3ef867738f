"""Which channels an instrument has: the known layouts, and one's own with free numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pxcore.errors import PanelError
from pxcore.registry import Registry
from pxcore.types.staged import Instrument

__all__ = ["INSTRUMENTS", "MOST_SLOTS", "channel_numbers", "other", "stain_channels"]

MOST_SLOTS = 64
"""More channels than any imaging cytometer has; beyond it is a slip of the finger."""

INSTRUMENTS: Registry[Instrument] = Registry(
    "instrument",
    [
        Instrument(
            id="imagestream_12",
            label="ImageStream MkII, 12 channels, darkfield in 6",
            slots=12,
            brightfield=(1, 9),
            darkfield=(6,),
        ),
        Instrument(
            id="imagestream_12_darkfield_12",
            label="ImageStream MkII, 12 channels, darkfield in 12",
            slots=12,
            brightfield=(1, 9),
            darkfield=(12,),
        ),
        Instrument(
            id="one_camera_6",
            label="FlowSight or one camera, 6 channels",
            slots=6,
            brightfield=(1,),
            darkfield=(6,),
        ),
    ],
    PanelError,
)
"""Where a lab's instrument is set up differently, ``other`` takes its own numbers."""


def other(slots: int, brightfield: Sequence[int] = (), darkfield: Sequence[int] = ()) -> Instrument:
    """Return an instrument with free numbers, id ``other``.

    >>> other(10, brightfield=[1]).stain_slots
    9

    Parameters
    ----------
    slots
        Channels in all, 1 to 64.
    brightfield, darkfield
        Numbers of the channels that always show these, counted from 1.

    Raises
    ------
    PanelError
        For a number of channels out of range, a channel that does not exist or comes twice, or
        when no channel is left for a stain.
    """
    if not 1 <= slots <= MOST_SLOTS:
        message = f"the instrument has {slots} channels; expected 1 to {MOST_SLOTS}"
        raise PanelError(message)
    fixed = [*brightfield, *darkfield]
    for position, number in enumerate(fixed):
        if not 1 <= number <= slots:
            message = (
                f"channel {number} does not exist; the instrument has {slots}: give numbers from 1 "
                f"to {slots} for brightfield and darkfield"
            )
            raise PanelError(message)
        if number in fixed[:position]:
            message = (
                f"channel {number} is named twice as brightfield or darkfield; "
                "give each channel once"
            )
            raise PanelError(message)
    if len(fixed) == slots:
        message = (
            f"brightfield and darkfield fill all {slots} channels; at least one must be free for "
            "a stain: take a number away"
        )
        raise PanelError(message)
    return Instrument(
        id="other",
        label=f"Other, {slots} channels",
        slots=slots,
        brightfield=tuple(sorted(brightfield)),
        darkfield=tuple(sorted(darkfield)),
    )


def stain_channels(instrument: Instrument) -> tuple[int, ...]:
    """Return the numbers of the channels that a stain can be measured in, ascending, from 1.

    >>> stain_channels(INSTRUMENTS["one_camera_6"])
    (2, 3, 4, 5)
    """
    fixed = {*instrument.brightfield, *instrument.darkfield}
    return tuple(n for n in range(1, instrument.slots + 1) if n not in fixed)


def channel_numbers(text: str) -> tuple[int, ...]:
    """Return typed channel numbers, parted by commas, semicolons or spaces; blank means none.

    >>> channel_numbers("1, 9")
    (1, 9)

    Raises
    ------
    PanelError
        For anything that is not a whole number.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        if not re.fullmatch(r"[0-9]{1,4}", word):
            message = (
                f"{word[:40]!r} is not a channel number; expected whole numbers from 1, parted by "
                "commas, such as 1, 9"
            )
            raise PanelError(message)
    return tuple(int(word) for word in words)
