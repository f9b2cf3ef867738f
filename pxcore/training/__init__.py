"""The one training loop, prediction, metrics, intervals over folds."""
