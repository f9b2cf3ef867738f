"""The core of the dashboard: everything except drawing."""

__version__ = "0.1.0"
