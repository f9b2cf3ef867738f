"""What an identity provider's log-in needs: its settings, and the secret that signs its cookies."""

from __future__ import annotations

import os
import secrets
from urllib.parse import urlsplit

from pxcore.errors import AccessError
from pxcore.settings import Settings
from pxcore.store.home import Store

FILE = "cookie.secret"
NEEDED = ("public_url", "oidc_metadata_url", "oidc_client_id", "oidc_client_secret")


def check_provider(settings: Settings) -> None:
    """Raise AccessError for settings with which nobody could log in."""
    missing = [f"PXCORE_{name.upper()}" for name in NEEDED if not getattr(settings, name)]
    if missing:
        message = f"PXCORE_AUTH=oidc also needs {', '.join(missing)}; see docs/people.md"
        raise AccessError(message)
    for name in ("public_url", "oidc_metadata_url"):
        value = str(getattr(settings, name))
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = (
                f"PXCORE_{name.upper()} is {value!r}; expected a whole address such as "
                "https://pxcore.lab.example"
            )
            raise AccessError(message)


def provider_secrets(store: Store) -> dict[str, str]:
    """Return what Streamlit's log-in is given. Raises AccessError as `check_provider`."""
    settings = store.settings
    check_provider(settings)
    return {
        "redirect_uri": f"{settings.public_url.rstrip('/')}/oauth2callback",
        "cookie_secret": cookie_secret(store),
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret,
        "server_metadata_url": settings.oidc_metadata_url,
    }


def cookie_secret(store: Store) -> str:
    """Return the secret that signs cookies: made once, readable by this account alone."""
    place = store.home / FILE
    if not place.exists():
        waiting = place.with_name(f"{FILE}~{secrets.token_hex(8)}")
        handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(waiting, place)  # of two processes at once the first one's stays
        except FileExistsError:
            pass
        finally:
            waiting.unlink()
    return place.read_text().strip()
