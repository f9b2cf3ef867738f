"""The way to an identity provider and back: OpenID Connect, authorization code with PKCE.

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3. Between the two halves the browser keeps
an `Errand` in a cookie; the provider's answer must belong to it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pxcore.errors import AccessError
from pxcore.people.arrivals import arrive
from pxcore.people.provider_facts import (
    SECONDS,
    Facts,
    asking,
    endpoint,
    got,
    metadata,
    remembered,
)
from pxcore.settings import Settings
from pxcore.store.home import Store
from pxcore.types.people import Person

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has; never one made with a shared secret."""
CLOCKS_APART = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a browser keeps while its person is at the provider; no one else's answer fits it."""

    state: str
    nonce: str
    verifier: str


def way_there(store: Store) -> tuple[str, str]:
    """Return the provider's address to go to, and the errand for the browser to keep.

    Raises AccessError for a provider that does not answer.
    """
    with asking(store.settings) as session:
        facts = metadata(store.settings, session)
        errand = Errand(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )
        address, _ = session.create_authorization_url(
            endpoint(facts, "authorization_endpoint"),
            state=errand.state,
            nonce=errand.nonce,
            code_verifier=errand.verifier,
        )
    return str(address), json.dumps(asdict(errand))


def way_back(store: Store, answer: Mapping[str, str], kept: str) -> Person:
    """Return who comes back from the provider.

    Parameters
    ----------
    answer
        The query with which the browser came.
    kept
        The errand that it kept.

    Raises AccessError for an answer that does not belong to the errand, is not signed by the
    provider for this dashboard, or is too old; and for somebody who was shut out.
    """
    errand = _errand(kept)
    if not secrets.compare_digest(answer.get("state", "").encode(), errand.state.encode()):
        raise AccessError(_failed("this answer belongs to another log-in"))
    if "code" not in answer:
        raise AccessError(_failed(f"it said {answer.get('error', 'nothing')[:80]!r}"))
    with asking(store.settings) as session:
        facts = metadata(store.settings, session)
        claims = _claims(store.settings, session, facts, (answer["code"], errand))
    verified = claims.get("email_verified") is True
    return arrive(
        store,
        str(claims["iss"]),
        str(claims["sub"]),
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        email=str(claims.get("email") or "") if verified else "",
    )


def _claims(
    settings: Settings, session: OAuth2Session, facts: Facts, asked: tuple[str, Errand]
) -> dict[str, object]:
    """Return what the provider signed about the person who brings this code."""
    from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - only where needed
    from joserfc.errors import JoseError  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    code, errand = asked
    try:
        token = session.fetch_token(
            endpoint(facts, "token_endpoint"),
            grant_type="authorization_code",
            code=code,
            code_verifier=errand.verifier,
            timeout=SECONDS,
        )
        claims = _signed(str(token.get("id_token", "")), _keys(session, facts, token), facts)
        _check(claims, settings.oidc_client_id, errand)
        if "email" not in claims and "userinfo_endpoint" in facts:
            more = got(session.get(endpoint(facts, "userinfo_endpoint"), timeout=SECONDS))
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError) as error:
        told = f"{type(error).__name__}: {error}"[:200]
        raise AccessError(_failed(f"its answer does not hold ({told})")) from error
    return claims


def _keys(session: OAuth2Session, facts: Facts, token: Mapping[str, object]) -> Facts:
    """Return the provider's keys; asked again for a token that is signed with a new one."""
    from joserfc.jws import extract_compact  # noqa: PLC0415 - only where somebody logs in

    where = endpoint(facts, "jwks_uri")
    keys = remembered(session, where)
    wanted = extract_compact(str(token.get("id_token", "")).encode()).headers().get("kid")
    listed = keys.get("keys")
    known = {one.get("kid") for one in listed} if isinstance(listed, list) else set()
    return keys if wanted in known else remembered(session, where, anew=True)


def _signed(token: str, keys: Facts, facts: Facts) -> dict[str, object]:
    """Return the claims of a token that this issuer signed with one of its keys."""
    from joserfc import jwt  # noqa: PLC0415 - only where somebody logs in
    from joserfc.jwk import KeySet  # noqa: PLC0415

    found = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=list(SIGNED_BY))  # type: ignore[arg-type]
    if not facts.get("issuer") or found.claims.get("iss") != facts["issuer"]:
        message = "signed by another issuer"
        raise ValueError(message)
    return dict(found.claims)


def _check(claims: Mapping[str, object], client: str, errand: Errand) -> None:
    """Raise ValueError for claims that are not for this dashboard, this errand and now."""
    audience = claims.get("aud")
    meant = [audience] if isinstance(audience, str) else audience
    others = isinstance(meant, list) and len(meant) > 1
    if not isinstance(meant, list) or client not in meant:
        message = "signed for another client"
        raise ValueError(message)
    if (others or "azp" in claims) and claims.get("azp") != client:
        message = "handed to another client"
        raise ValueError(message)
    if claims.get("nonce") != errand.nonce or not claims.get("sub"):
        message = "signed for another log-in"
        raise ValueError(message)
    ends, begins, now = claims.get("exp"), claims.get("iat"), time.time()
    if not isinstance(ends, int | float) or not isinstance(begins, int | float):
        message = "signed without its time"
        raise ValueError(message)
    if now > ends + CLOCKS_APART or now < begins - CLOCKS_APART:
        message = "signed for another time"
        raise ValueError(message)


def _errand(kept: str) -> Errand:
    try:
        found = json.loads(kept)
        return Errand(**{name: str(found[name]) for name in ("state", "nonce", "verifier")})
    except (ValueError, KeyError, TypeError) as error:
        why = "the log-in was not begun in this browser, or too long ago"
        raise AccessError(_failed(why)) from error


def _failed(why: str) -> str:
    return f"the identity provider's log-in failed: {why}; log in again"
