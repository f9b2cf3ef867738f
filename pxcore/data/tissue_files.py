"""The files of a tissue study: which belong to an image, and whether its channels are the others'.

Paths in the tables are looked up among the files that lie below the study's folder, so that no
table can name a place outside of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pxcore.data.files import files_below
from pxcore.data.limits import Limits
from pxcore.data.names import assumed_names, checked_names
from pxcore.data.tiff_stack import StackHeader, stack_header
from pxcore.data.tissue_table import CHANNELS, IMAGES, TissueImage, TissueTable, channel_names
from pxcore.errors import DatasetError
from pxcore.types import Skipped

ENDINGS = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class StudyImage:
    """One image whose files are there and were looked at."""

    row: TissueImage
    files: tuple[Path, ...]
    """One with all channels, or one a channel in the study's order."""
    mask: Path | None
    header: StackHeader


@dataclass(frozen=True, slots=True)
class Study:
    """The images that share their channels."""

    images: tuple[StudyImage, ...]
    channels: tuple[str, ...]
    names_assumed: bool
    skipped: tuple[Skipped, ...]


class StudyFiles:
    """All TIFFs below the study's folder. Raises DatasetError as `files_below`."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        found = files_below(folder, limits, ENDINGS)
        self._files = frozenset(found)
        self._inside: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
        for file in found:
            self._inside[file.parent].append(file)

    def image(self, name: str, mask: Path | None) -> tuple[Path, ...]:
        """Return the files of an image: itself, or the TIFFs in the folder of that name.

        Raises DatasetError when there is none.
        """
        place = _below(name)
        inside = (place,) if place in self._files else tuple(self._inside.get(place, ()))
        files = tuple(self._folder / one for one in inside if self._folder / one != mask)
        if not files:
            message = "neither a TIFF nor a folder of TIFFs of that name is below the folder"
            raise DatasetError(message)
        return files

    def mask(self, name: str) -> Path:
        """Return the file of a mask. Raises DatasetError when it is not there."""
        place = _below(name)
        if place not in self._files:
            message = f"its mask {name[:200]!r} is not below the folder"
            raise DatasetError(message)
        return self._folder / place


def study_of(folder: Path, table: TissueTable, limits: Limits, *, need_masks: bool) -> Study:
    """Return the images of a table that can be read and have the same channels.

    Those that cannot are counted in ``skipped``. With ``need_masks``, or where some image has a
    mask, images without one are skipped.

    Raises
    ------
    DatasetError
        When no image is left, a table names a place outside the folder, or channel names do not
        do.
    """
    files, skipped = StudyFiles(folder, limits), list[Skipped]()
    declared = channel_names(folder, limits)
    if declared:
        declared = checked_names(declared, len(declared), CHANNELS)
    need_masks = need_masks or any(row.mask for row in table.images)
    found: list[StudyImage] = []
    for row in table.images:
        try:
            found.append(_image(row, files, declared, limits, need_mask=need_masks))
        except DatasetError as error:
            skipped.append(Skipped(reason=str(error), count=1, examples=(row.image[:200],)))
    images, names, others = _alike(found)
    skipped += others
    if not images:
        why = f"{skipped[0].examples[0]}: {skipped[0].reason}"
        message = (
            f"{folder.name}: none of the {len(table.images)} images in {IMAGES} can be read "
            f"({why}); correct the paths or export the images again"
        )
        raise DatasetError(message)
    known = declared or names
    channels = known or assumed_names(images[0].header.n_channels)
    return Study(images, channels, not known, tuple(skipped))


def _image(
    row: TissueImage,
    files: StudyFiles,
    declared: tuple[str, ...],
    limits: Limits,
    *,
    need_mask: bool,
) -> StudyImage:
    """Return one image after a look at its files. Raises DatasetError where it cannot be read."""
    if need_mask and row.mask is None:
        message = f"no mask in {IMAGES}"
        raise DatasetError(message)
    mask = None if row.mask is None else files.mask(row.mask)
    own = files.image(row.image, mask)
    header = stack_header(own, limits)
    if len(own) > 1 and declared:
        place = {name: i for i, name in enumerate(header.names)}
        missing = [name for name in declared if name not in place]
        if missing:
            message = f"no file of channel {missing[0]!r}, which {CHANNELS} names"
            raise DatasetError(message)
        own = tuple(own[place[name]] for name in declared)
        header = replace(header, names=declared, n_channels=len(declared))
    if declared and header.n_channels != len(declared):
        message = f"{header.n_channels} channels, where {CHANNELS} names {len(declared)}"
        raise DatasetError(message)
    if declared:
        header = replace(header, names=declared)
    return StudyImage(row, own, mask, header)


def _alike(
    found: Sequence[StudyImage],
) -> tuple[tuple[StudyImage, ...], tuple[str, ...], list[Skipped]]:
    """Return the images with the channels that most have, those names, and the others as skipped.

    Images without names go with those that have as many channels.
    """
    if not found:
        return (), (), []
    named = Counter((one.header.n_channels, one.header.names) for one in found)
    counted = Counter(one.header.n_channels for one in found)
    n_channels = counted.most_common(1)[0][0]
    usual = Counter({key[1]: n for key, n in named.items() if key[0] == n_channels and key[1]})
    names = usual.most_common(1)[0][0] if usual else ()
    kept, skipped = [], []
    for one in found:
        own = one.header
        if own.n_channels == n_channels and own.names in {(), names}:
            kept.append(one)
            continue
        reason = (
            f"{own.n_channels} channels, where most images have {n_channels}"
            if own.n_channels != n_channels
            else "channels of other names than in most images"
        )
        skipped.append(Skipped(reason=reason, count=1, examples=(one.row.image[:200],)))
    return tuple(kept), names, skipped


def _below(name: str) -> PurePosixPath:
    """Return a path in a table. Raises DatasetError where it leads out of the folder."""
    place = PurePosixPath(name.replace("\\", "/"))
    if not place.parts:
        message = f"{name[:200]!r} names the folder itself; expected a path below it"
        raise DatasetError(message)
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
        message = f"{name[:200]!r} is named outside the folder; expected a path below it"
        raise DatasetError(message)
    return place
