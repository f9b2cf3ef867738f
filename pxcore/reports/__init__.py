"""What leaves the lab: reports as values, and as HTML, PDF and an archive."""
