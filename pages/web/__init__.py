"""The web process: the ASGI application around ``app.py``, and what it refuses."""
