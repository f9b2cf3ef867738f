"""Settings of an identity provider, and errands that nobody forges; the whole way: tests/server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.errors import AccessError
from pxcore.people.provider import way_back, way_there
from pxcore.people.provider_facts import check_provider
from pxcore.settings import Settings
from pxcore.store.home import Store

COMPLETE = {
    "auth": "oidc",
    "public_url": "https://px.lab.example/",
    "oidc_metadata_url": "https://id.example/.well-known/openid-configuration",
    "oidc_client_id": "px",
    "oidc_client_secret": "s3cret",
}


def test_all_settings_are_needed() -> None:
    check_provider(Settings.model_validate(COMPLETE))
    check_provider(Settings.model_validate(COMPLETE | {"public_url": "http://127.0.0.1:8501"}))
    for name in ("public_url", "oidc_metadata_url", "oidc_client_id", "oidc_client_secret"):
        with pytest.raises(AccessError, match=f"PXCORE_{name.upper()}"):
            check_provider(Settings.model_validate(COMPLETE | {name: ""}))


@pytest.mark.parametrize("name", ["public_url", "oidc_metadata_url"])
@pytest.mark.parametrize(
    "address",
    ["px.lab.example", "ftp://px.lab.example", "https://", "http://px.lab.example",
     "http://127.0.0.1.evil.example", "http://localhost@evil.example"],
)  # fmt: skip
def test_addresses_cannot_be_read_on_the_way(name: str, address: str) -> None:
    with pytest.raises(AccessError, match="expected an address such as https"):
        check_provider(Settings.model_validate(COMPLETE | {name: address}))


def test_the_secret_is_in_no_picture_of_the_settings() -> None:
    assert "s3cret" not in repr(Settings.model_validate(COMPLETE))


def test_a_provider_that_is_away_is_told(store: Store) -> None:
    nowhere = "http://127.0.0.1:9/.well-known/openid-configuration"
    settings = store.settings.model_copy(update=COMPLETE | {"oidc_metadata_url": nowhere})
    with pytest.raises(AccessError, match=r"does not answer at http://127\.0\.0\.1:9") as told:
        way_there(replace(store, settings=settings))
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", '{"state": "s"}', "x" * 5000])
def test_an_answer_without_its_errand_is_refused(store: Store, kept: str) -> None:
    with pytest.raises(AccessError, match="not begun in this browser"):
        way_back(store, {"state": "s", "code": "c"}, kept)


@pytest.mark.parametrize("state", ["", "other", "ä"])
def test_an_answer_of_another_log_in_is_refused(store: Store, state: str) -> None:
    kept = '{"state": "s", "nonce": "n", "verifier": "v"}'
    with pytest.raises(AccessError, match="belongs to another log-in"):
        way_back(store, {"state": state, "code": "c"}, kept)
    with pytest.raises(AccessError, match="it said 'access_denied'"):
        way_back(store, {"state": "s", "error": "access_denied"}, kept)
