"""The runner as a process: lock, workers, signals."""

from __future__ import annotations

import logging
from contextlib import closing, suppress

from pxcore import logs
from pxcore.errors import DatabaseAwayError, LeaseLostError
from pxcore.runs import heart
from pxcore.runs.end_signals import stopping
from pxcore.runs.engine import open_engine
from pxcore.runs.import_desk import ImportDesk
from pxcore.runs.lease import Standby, renewed
from pxcore.runs.runner import Runner
from pxcore.runs.runner_lock import hold_lock, tidy
from pxcore.settings import Settings
from pxcore.store.home import open_store

LOG = logging.getLogger("pxcore.runner")


def run_runner(settings: Settings, *, until_idle: bool = False) -> None:
    """Carry out the store's runs until SIGTERM or SIGINT, or until nothing is left to do.

    While a runner of another host serves the store, this one stands by.

    Raises RunError when another runner of this host serves the store, when the scheduler does
    not answer, or (LeaseLostError) when another host took the store over.
    """
    with closing(open_store(settings)) as opened, hold_lock(opened), stopping() as stop:
        logs.begin("runner", settings.log, opened.logs)
        store = Standby(opened).wait(stop, wait=not until_idle)
        if store is None:
            return
        tidy(store)
        with (
            renewed(store) as lives,
            closing(open_engine(store.home, settings)) as engine,
            closing(ImportDesk(store)) as desk,
        ):
            runner = Runner(store=store, engine=engine, desk=desk, lives=lives)
            LOG.info("serving %s on %s", store.home, engine.device)
            runner.carry_on(stop, until_idle=until_idle)
        LOG.info("ended")
        with suppress(DatabaseAwayError, LeaseLostError):
            heart.silence(store)
