"""The door on public data sets: what there is, what is here, fetching one."""

from __future__ import annotations

from collections.abc import Callable

from pxcore.runs import catalogue, imports
from pxcore.store.home import Store
from pxcore.types import Dataset
from pxcore.types.public import PublicState


class PublicSets:
    """The catalogue of public data sets, on one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def states(self) -> tuple[PublicState, ...]:
        """Return every data set of the catalogue and how far it is here; nothing is fetched."""
        return catalogue.states(self._store)

    def start(self, set_id: str, owner: str) -> str:
        """Return the id of an import that the runner will carry out, download included.

        Raises AccessError where the file is not here and downloads are switched off.
        """
        catalogue.check_fetchable(self._store, set_id)
        return imports.queue(self._store, catalogue.request_for(set_id, owner))

    def bring_in(self, set_id: str, tell: Callable[[str, float], None]) -> Dataset:
        """Return the data set, fetched and imported in the foreground; ``tell(step, share)``."""
        request = catalogue.request_for(set_id, self._store.settings.owner)
        return imports.bring_in(self._store, request, tell)
