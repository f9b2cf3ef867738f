"""Cells: containers, importers, folds, normalisation, synthetic generators."""
