"""A small made-up report, hostile names included: what a link shows, without a run."""

from __future__ import annotations

import tests.example_values as ex
from pxcore.plots import ranking
from pxcore.plots.style import LIGHT, alt
from pxcore.types.reports import Report, ReportFigure, ReportSection, ReportTable


def report(title: str = "Jurkat cells, fast", subject: str = "r1") -> Report:
    """Return a run's report with one figure, a table and hostile names as text."""
    found = ex.result()
    drawn = ranking.ranking_dots(found.panel, found.methods[0], LIGHT)
    table = ReportTable(
        name="ranking",
        title="Ranking",
        columns=("channel", "rank", "drop in F1", "told apart"),
        rows=(("PI (DNA)", 1, 0.66, True), (ex.HOSTILE[1], 2, None, False), ("=cmd", 3, 1.0, True)),
        note="Three trainings.",
    )
    figure = ReportFigure(
        name="ranking",
        title="Which channels matter",
        alt=alt(drawn),
        plotly_json=drawn.to_json(),
        caption="Brackets: 95 % interval.",
        table="ranking",
    )
    return Report(
        kind="run",
        subject=subject,
        title=title,
        verdict="Keep PI (DNA): without its structure F1 falls by 0.660 (0.620 to 0.700).",
        facts=(("Cells", "1,000 of 4 donors"), ("Named so", ex.HOSTILE[2])),
        sections=(
            ReportSection(
                title="Ranking",
                paragraphs=("Every channel, the most important first.", ex.HOSTILE[0]),
                figures=(figure,),
                tables=(table,),
            ),
        ),
        methods="Channels were permuted pixel by pixel (seed 0, data a1b2c3).",
        recreate='{"preset": "fast"}',
        made="2026-11-21T20:30:00+00:00",
    )
