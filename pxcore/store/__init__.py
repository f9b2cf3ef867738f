"""What lasts: artifacts (files named by content or task key) and one SQL database."""
