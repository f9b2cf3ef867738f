"""Runs and panels as files people take away."""
