"""The command line: ``python -m pxcore``.

Dask's workers begin by reading the file that the runner was started with: this one loads nothing.
"""

from __future__ import annotations

if __name__ == "__main__":
    from pxcore.commands.program import main

    main()
