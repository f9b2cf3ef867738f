"""Panels: search, recommendation, staged plans."""
