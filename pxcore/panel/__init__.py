"""From scores of panels to a panel one can defend: pure functions on values."""
