"""What an identity provider's log-in needs."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pxcore.errors import AccessError
from pxcore.people.provider import FILE, check_provider, cookie_secret, provider_secrets
from pxcore.settings import Settings
from pxcore.store.home import Store, open_store

COMPLETE = {
    "auth": "oidc",
    "public_url": "https://px.lab.example/",
    "oidc_metadata_url": "https://id.example/.well-known/openid-configuration",
    "oidc_client_id": "px",
    "oidc_client_secret": "s3cret",
}


def test_all_settings_are_needed() -> None:
    check_provider(Settings.model_validate(COMPLETE))
    for name in ("public_url", "oidc_metadata_url", "oidc_client_id", "oidc_client_secret"):
        with pytest.raises(AccessError, match=f"PXCORE_{name.upper()}"):
            check_provider(Settings.model_validate(COMPLETE | {name: ""}))
    for wrong in ("px.lab.example", "ftp://px.lab.example", "https://"):
        with pytest.raises(AccessError, match="expected a whole address"):
            check_provider(Settings.model_validate(COMPLETE | {"public_url": wrong}))


def test_what_streamlit_is_given(tmp_path: Path) -> None:
    store = open_store(Settings.model_validate(COMPLETE | {"home": tmp_path}))
    found = provider_secrets(store)
    assert found["redirect_uri"] == "https://px.lab.example/oauth2callback"
    assert found["cookie_secret"] == provider_secrets(store)["cookie_secret"]
    assert "s3cret" not in repr(store.settings)
    store.close()


def test_the_cookie_secret_is_one_and_private(store: Store) -> None:
    with ThreadPoolExecutor(8) as many:
        found = set(many.map(lambda _: cookie_secret(store), range(8)))
    assert len(found) == 1
    assert len(found.pop()) >= 64
    place = store.home / FILE
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [one.name for one in store.home.glob(f"{FILE}*")] == [FILE]
