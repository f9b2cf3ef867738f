"""Staged panels: candidates, plans, what a plan loses, merging its runs, run sheets."""
