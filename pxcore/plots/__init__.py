"""A result -> one plotly figure; no input or output."""
