"""The stages of runs that rank; clusterings are runs of their own."""

from __future__ import annotations

from pxcore.runs.tasks import VERSIONS
from pxcore.runs.unlabelled.tasks import UNLABELLED

OF_RANKINGS = tuple(name for name in VERSIONS if name not in UNLABELLED)
