"""Staged plans as people carry them out: kept step by step, measured, merged, ended."""
