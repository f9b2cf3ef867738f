"""Codes of cells -> clusters: placing, mixtures, their number, stability, storage, verdicts."""
