"""One screen a file: read widgets, one call to ``pxcore.api``, draw.

A module here draws nothing when run: Streamlit can open a file in this folder without
``app.py``, past any login. It only defines ``render()``, and ``app.py`` lists it.
"""
