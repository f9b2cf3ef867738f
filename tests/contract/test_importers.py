"""What every importer must keep, looped over the table: a new line there is tested from then on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pxcore.data.container import Container
from pxcore.data.importers import IMPORTERS, Importer, ImportOptions, RawCell, Source
from pxcore.data.ingest import ingest
from pxcore.data.limits import Limits
from pxcore.data.pixels import stored_dtype
from pxcore.data.recognise import importer_for
from pxcore.errors import DatasetError
from pxcore.types import ImportRequest, Skipped
from tests.importer_examples import EXAMPLES, Example

FOREIGN = [entry for entry in IMPORTERS.values() if entry.untrusted]


@pytest.fixture(params=IMPORTERS.values(), ids=list(IMPORTERS))
def importer(request: pytest.FixtureRequest) -> Importer:
    return request.param


@pytest.fixture(params=FOREIGN, ids=[entry.id for entry in FOREIGN])
def foreign(request: pytest.FixtureRequest) -> Importer:
    return request.param


@pytest.fixture
def example(importer: Importer, tmp_path: Path) -> Example:
    return EXAMPLES[importer.id](tmp_path)


def opened(importer: Importer, example: Example) -> Source:
    return importer.read(example.path, ImportOptions(values=example.options))


def read(source: Source) -> list[RawCell]:
    return [cell for cell in source.cells() if isinstance(cell, RawCell)]


def contents(path: Path) -> dict[Path, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {file: file.read_bytes() for file in files}


def test_is_described(importer: Importer) -> None:
    assert importer.id == importer.id.lower()
    assert importer.label
    assert importer.summary.endswith(".")
    assert all(e.startswith(".") and e == e.lower() for e in importer.extensions)


def test_recognises_its_own_and_no_other(importer: Importer, example: Example) -> None:
    assert importer_for(example.path) is importer
    assert [entry.id for entry in IMPORTERS.values() if entry.recognise(example.path)] == [
        importer.id
    ]


def test_pixels_are_those_of_the_file(importer: Importer, example: Example) -> None:
    cells = read(opened(importer, example))
    if example.images is None:
        assert cells
        return
    assert len(cells) == len(example.images)
    for cell, image in zip(cells, example.images, strict=True):
        assert (cell.images == image).all()


def test_source_says_what_comes(importer: Importer, example: Example) -> None:
    source = opened(importer, example)
    cells = read(source)
    assert source.n_cells >= len(cells)
    assert len({cell.object_number for cell in cells}) == len(cells)
    assert all(cell.name for cell in cells)
    assert all(len(cell.images) == len(source.channel_names) for cell in cells)
    assert {cell.images.dtype for cell in cells} == {source.dtype}
    assert len(set(source.channel_names)) == len(source.channel_names)
    if source.sizes is not None:
        assert {cell.images.shape[1:] for cell in cells} == {tuple(row) for row in source.sizes}
    if source.roles is not None:
        assert len(source.roles) == len(source.channel_names)
    if source.classes is not None:
        assert {cell.label for cell in cells} - {None} <= set(source.classes)
    for cell in cells:
        if cell.masks is not None:
            assert cell.masks.dtype == np.uint8
            assert cell.masks.shape[0] in {1, len(source.channel_names)}
            assert cell.masks.shape[1:] == cell.images.shape[1:]


def test_every_pass_is_the_same_and_the_file_is_untouched(
    importer: Importer, example: Example
) -> None:
    before = contents(example.path)
    source = opened(importer, example)
    first, second, anew = read(source), read(source), read(opened(importer, example))
    for other in (second, anew):
        for one, two in zip(first, other, strict=True):
            assert (one.images == two.images).all()
            assert (one.label, one.group, one.object_number) == (
                two.label, two.group, two.object_number,
            )  # fmt: skip
    assert contents(example.path) == before


def test_unknown_options_are_refused(importer: Importer, example: Example) -> None:
    with pytest.raises(DatasetError, match="'no_such_option' is not known"):
        importer.read(example.path, ImportOptions(values=(("no_such_option", "1"),)))


def test_ingest_stores_the_same_pixels(
    importer: Importer, example: Example, tmp_path: Path
) -> None:
    request = ImportRequest(path=str(example.path), options=example.options)
    found = ingest(request, tmp_path / "work", Limits(keep_free=0), lambda _step, _share: None)
    source = opened(importer, example)
    cells = read(source)
    assert found.report.format == importer.id
    assert found.panel.names == source.channel_names
    assert found.dtype == stored_dtype(source.dtype).name
    with Container.open(found.pixels_folder) as stored:
        assert stored.n_cells == len(cells)
        _, side_h, side_w = stored.image_shape
        for i, cell in enumerate(cells):
            _, h, w = cell.images.shape
            top, left = (side_h - h) // 2, (side_w - w) // 2
            assert min(top, left) >= 0  # the examples are small
            image = stored.images(np.array([i]))[0]
            assert (image[:, top : top + h, left : left + w] == cell.images).all()
        assert (stored.object_numbers == [cell.object_number for cell in cells]).all()


def outcome(foreign: Importer, example: Example) -> list[RawCell | Skipped] | None:
    """Return what comes out of a damaged file; None when it is refused with a message."""
    try:
        return list(opened(foreign, example).cells())
    except DatasetError as error:
        return [] if len(str(error)) < 20 else None


def test_a_cut_file_is_told_or_counted(foreign: Importer, tmp_path: Path) -> None:
    """Whatever is cut off: refused, a cell skipped, or nothing that mattered was lost."""
    example = EXAMPLES[foreign.id](tmp_path)
    files, generator, told = contents(example.path), np.random.default_rng(9), 0
    for _ in range(30):
        file = sorted(files)[generator.integers(len(files))]
        file.write_bytes(files[file][: generator.integers(1, len(files[file]))])
        items = outcome(foreign, example)
        file.write_bytes(files[file])
        if items is None or any(isinstance(item, Skipped) for item in items):
            told += 1
            continue
        found = [item.images for item in items if isinstance(item, RawCell)]
        assert all((a == b).all() for a, b in zip(found, example.images, strict=True))
    assert told > 5


def test_changed_bytes_are_survived(foreign: Importer, tmp_path: Path) -> None:
    """A changed pixel cannot be seen; a changed header gives a message, never another error."""
    example = EXAMPLES[foreign.id](tmp_path)
    files, generator = contents(example.path), np.random.default_rng(10)
    for _ in range(60):
        file = sorted(files)[generator.integers(len(files))]
        damaged = bytearray(files[file])
        damaged[generator.integers(len(damaged))] ^= int(generator.integers(1, 256))
        file.write_bytes(damaged)
        items = outcome(foreign, example)
        file.write_bytes(files[file])
        assert items is None or items


def test_content_of_another_kind_is_told(foreign: Importer, tmp_path: Path) -> None:
    for extension in foreign.extensions:
        path = tmp_path / f"letter{extension}"
        path.write_text("Dear colleague, here are the cells.")
        assert not foreign.recognise(path)
        with pytest.raises(DatasetError, match="letter"):
            list(foreign.read(path, ImportOptions()).cells())
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not foreign.recognise(empty)
    assert not foreign.recognise(tmp_path / "missing")
