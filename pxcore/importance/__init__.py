"""Ranking channels: perturbations, methods, statistics."""
