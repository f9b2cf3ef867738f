"""Codes of unlabelled cells, mixtures, matching to known labels."""
