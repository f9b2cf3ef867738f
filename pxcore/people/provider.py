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
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pxcore.errors import AccessError
from pxcore.people.arrivals import arrive
from pxcore.settings import Settings
from pxcore.store.home import Store
from pxcore.types.people import Person

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

NEEDED = ("public_url", "oidc_metadata_url", "oidc_client_id", "oidc_client_secret")
BACK = "login/back"
"""Where the provider sends browsers, below the public address."""
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has; never one made with a shared secret."""
SECONDS = 10
CLOCKS_APART = 180
REMEMBERED = 300.0
"""Seconds for which the provider's addresses and keys are taken as they were."""
_SAID: dict[str, tuple[float, dict[str, object]]] = {}
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a browser keeps while its person is at the provider; no one else's answer fits it."""

    state: str
    nonce: str
    verifier: str


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


def way_there(store: Store) -> tuple[str, str]:
    """Return the provider's address to go to, and the errand for the browser to keep.

    Raises AccessError for a provider that does not answer.
    """
    with _asking(store.settings) as session:
        facts = _metadata(store.settings, session)
        errand = Errand(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
        )
        address, _ = session.create_authorization_url(
            _endpoint(facts, "authorization_endpoint"),
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
    with _asking(store.settings) as session:
        facts = _metadata(store.settings, session)
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
            _endpoint(facts, "token_endpoint"),
            grant_type="authorization_code",
            code=code,
            code_verifier=errand.verifier,
            timeout=SECONDS,
        )
        claims = _signed(str(token.get("id_token", "")), _keys(session, facts, token), facts)
        _check(claims, settings.oidc_client_id, errand)
        if "email" not in claims and "userinfo_endpoint" in facts:
            more = _got(session.get(_endpoint(facts, "userinfo_endpoint"), timeout=SECONDS))
            claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
    except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError) as error:
        told = f"{type(error).__name__}: {error}"[:200]
        raise AccessError(_failed(f"its answer does not hold ({told})")) from error
    return claims


def _keys(session: OAuth2Session, facts: Facts, token: Mapping[str, object]) -> Facts:
    """Return the provider's keys; asked again for a token that is signed with a new one."""
    from joserfc.jws import extract_compact  # noqa: PLC0415 - only where somebody logs in

    where = _endpoint(facts, "jwks_uri")
    keys = _remembered(session, where)
    wanted = extract_compact(str(token.get("id_token", "")).encode()).headers().get("kid")
    listed = keys.get("keys")
    known = {one.get("kid") for one in listed} if isinstance(listed, list) else set()
    return keys if wanted in known else _remembered(session, where, anew=True)


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


def _asking(settings: Settings) -> OAuth2Session:
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


def _metadata(settings: Settings, session: OAuth2Session) -> dict[str, object]:
    """Return the provider's addresses and issuer; the way it wants our secret is set."""
    from requests import RequestException  # noqa: PLC0415 - only where somebody logs in

    where = settings.oidc_metadata_url
    try:
        facts = _remembered(session, where)
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


def _remembered(session: OAuth2Session, address: str, *, anew: bool = False) -> dict[str, object]:
    """Return what an address of the provider says; for some minutes it is asked only once."""
    at, found = _SAID.get(address, (0.0, {}))
    if anew or not found or time.monotonic() - at > REMEMBERED:
        found = _got(session.get(address, withhold_token=True, timeout=SECONDS))
        _SAID[address] = time.monotonic(), found
    return found


def _endpoint(facts: Facts, name: str) -> str:
    return _checked(str(facts.get(name, "")), f"the identity provider's {name}")


def _checked(address: str, what: str) -> str:
    """Return an address that nobody between can read: https, or this very host."""
    parts = urlsplit(address)
    near = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and near)):
        message = f"{what} is {address!r}; expected an address such as https://pxcore.lab.example"
        raise AccessError(message)
    return address


def _got(answer: Answer) -> dict[str, object]:
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        message = "no JSON object"
        raise ValueError(message)
    return found


def _errand(kept: str) -> Errand:
    try:
        found = json.loads(kept)
        return Errand(**{name: str(found[name]) for name in ("state", "nonce", "verifier")})
    except (ValueError, KeyError, TypeError) as error:
        why = "the log-in was not begun in this browser, or too long ago"
        raise AccessError(_failed(why)) from error


def _failed(why: str) -> str:
    return f"the identity provider's log-in failed: {why}; log in again"
