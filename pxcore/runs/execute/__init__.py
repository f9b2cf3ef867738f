"""Carrying out one task in a worker process: one file a kind of task."""

from pxcore.runs.execute.worker import carry_out

__all__ = ["carry_out"]
