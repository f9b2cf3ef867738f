"""Remove-and-retrain and agreement between rankings."""
