"""Artifacts (content-addressed folders), the database, and the keys that name things."""
