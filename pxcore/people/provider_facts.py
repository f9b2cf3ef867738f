"""What the identity provider says of itself: its addresses and keys, asked once in some minutes.

Source: OpenID Connect Discovery 1.0, sections 3 and 4.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pxcore.errors import AccessError
from pxcore.settings import Settings

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

NEEDED = ("public_url", "oidc_metadata_url", "oidc_client_id", "oidc_client_secret")
BACK = "login/back"
"""Where the provider sends browsers, below the public address."""
SECONDS = 10
REMEMBERED = 300.0
"""Seconds for which the provider's addresses and keys are taken as they were."""
_SAID: dict[str, tuple[float, dict[str, object]]] = {}
Facts = Mapping[str, object]


class Answer(Protocol):
    """A provider's answer to a question of ours."""

    def raise_for_status(self) -> None:
        """Raise for an error."""

    def json(self) -> object:
        """Return what it says."""


def check_provider(settings: Settings) -> None:
    """Raise AccessError for settings with which nobody could log in safely."""
    missing = [f"PXCORE_{name.upper()}" for name in NEEDED if not getattr(settings, name)]
    if missing:
        message = f"PXCORE_AUTH=oidc also needs {', '.join(missing)}; see docs/people.md"
        raise AccessError(message)
    for name in ("public_url", "oidc_metadata_url"):
        _checked(str(getattr(settings, name)), f"PXCORE_{name.upper()}")


def asking(settings: Settings) -> OAuth2Session:
    """Return what asks the provider as this dashboard."""
    from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 - half a second

    check_provider(settings)
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope="openid email profile",
        redirect_uri=f"{settings.public_url.rstrip('/')}/{BACK}",
        code_challenge_method="S256",
    )


def metadata(settings: Settings, session: OAuth2Session) -> dict[str, object]:
    """Return the provider's addresses and issuer; the way it wants our secret is set."""
    from requests import RequestException  # noqa: PLC0415 - only where somebody logs in

    where = settings.oidc_metadata_url
    try:
        facts = remembered(session, where)
    except (RequestException, ValueError) as error:
        message = (
            f"the identity provider does not answer at {where} ({type(error).__name__}); try "
            "again, or look at PXCORE_OIDC_METADATA_URL"
        )
        raise AccessError(message) from error
    ways = facts.get("token_endpoint_auth_methods_supported")
    if isinstance(ways, list) and ways and "client_secret_basic" not in ways:
        session.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - the way's name
    return facts


def remembered(session: OAuth2Session, address: str, *, anew: bool = False) -> dict[str, object]:
    """Return what an address of the provider says; for some minutes it is asked only once."""
    at, found = _SAID.get(address, (0.0, {}))
    if anew or not found or time.monotonic() - at > REMEMBERED:
        found = got(session.get(address, withhold_token=True, timeout=SECONDS))
        _SAID[address] = time.monotonic(), found
    return found


def endpoint(facts: Facts, name: str) -> str:
    """Return one of the provider's addresses. AccessError for one that others could read."""
    return _checked(str(facts.get(name, "")), f"the identity provider's {name}")


def got(answer: Answer) -> dict[str, object]:
    """Return the JSON object of an answer. ValueError, or an error of the request, without one."""
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        message = "no JSON object"
        raise ValueError(message)
    return found


def _checked(address: str, what: str) -> str:
    """Return an address that nobody between can read: https, or this very host."""
    parts = urlsplit(address)
    near = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and near)):
        message = f"{what} is {address!r}; expected an address such as https://pxcore.lab.example"
        raise AccessError(message)
    return address
