"""``import``: from a file to a registered data set."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated

import typer

from pxcore.api import open_lab
from pxcore.commands.terminal import ERR, OUT, bar, text
from pxcore.doors.imports import is_generator
from pxcore.errors import DatasetError
from pxcore.types import Dataset, ImportRequest

Options = tuple[tuple[str, str], ...]


def import_cells(  # noqa: PLR0913, PLR0917 - one parameter an option
    path: Annotated[
        str,
        typer.Argument(help="A file or folder, or demo, multiplex_circles or unlabelled_cells."),
    ],
    name: Annotated[str, typer.Option(help="Title of the data set.")] = "",
    format: Annotated[str, typer.Option(help="Importer to use; auto recognises it.")] = "auto",
    panel_sheet: Annotated[str, typer.Option(help="CSV or YAML that names the channels.")] = "",
    labels: Annotated[str, typer.Option(help="CSV: object_number, label, group.")] = "",
    size: Annotated[int, typer.Option(help="Side of the square tiles; 0 chooses.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the importer, such as n_cells=600."),
    ] = None,
) -> None:
    """Register cells. The last line of output is the data set's id."""
    _require(path)
    request = ImportRequest(
        path=_absolute(path),
        title=name,
        format=format,
        panel_sheet=_absolute(panel_sheet),
        labels=_absolute(labels),
        size=size,
        options=tuple(_setting(words) for words in settings or ()),
    )
    OUT.print(carry_out(request).id)


def carry_out(request: ImportRequest) -> Dataset:
    """Return the imported data set, with a progress bar and the report on stderr."""
    with closing(open_lab()) as lab, bar() as shown:
        line = shown.add_task("importing", total=1.0, left="")
        dataset = lab.imports.bring_in(
            request,
            lambda step, share: shown.update(line, description=text(step), completed=share),
        )
        warnings = lab.overview(dataset.id).warnings
    tell_import(dataset, warnings)
    return dataset


def _setting(words: str) -> tuple[str, str]:
    name, equals, value = words.partition("=")
    if not (name and equals and value):
        message = f"--set is {words!r}; give a name and a value such as n_cells=600"
        raise DatasetError(message)
    return name, value


def tell_import(dataset: Dataset, warnings: tuple[str, ...]) -> None:
    """Write what was imported and what is to be known of it to stderr."""
    channels, height, width = dataset.image_shape
    counted = ", ".join(
        f"{name} {count}" for name, count in zip(dataset.classes, dataset.class_counts, strict=True)
    )
    ERR.print(
        text(f"{dataset.title}: {dataset.n_cells} cells, {channels} channels "
             f"({', '.join(dataset.panel.names)}), {height} x {width} pixels")
    )  # fmt: skip
    ERR.print(text(f"classes: {counted or 'none; add labels before a run'}"))
    report = dataset.report
    for skipped in report.skipped if report else ():
        examples = f" ({', '.join(skipped.examples)})" if skipped.examples else ""
        ERR.print(text(f"left out: {skipped.count} {skipped.reason}{examples}"))
    for line in (*(report.notes if report else ()), *warnings):
        ERR.print(text(f"note: {line}"))


def _require(path: str) -> None:
    """Raise DatasetError, with the path as it was typed, where there is nothing."""
    with suppress(OSError):  # whether it is there cannot be seen: the importer says why
        if not is_generator(path) and not Path(path).exists():
            message = (
                f"{path}: cannot be opened (no such file or folder here); give the path of a file "
                "or folder"
            )
            raise DatasetError(message)


def _absolute(path: str) -> str:
    """Return a path that means the same in another process; words of importers stay."""
    if not path or (is_generator(path) and not Path(path).exists()):
        return path
    return str(Path(path).absolute())
