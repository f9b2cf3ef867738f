"""Logging in and out: plain pages of HTML before Streamlit's, for passwords and for OIDC.

The form is safe against other sites by a cookie of its own (double submit) besides the check of
the Origin in ``guards``; the wanted address is kept only where it is one of ours. Every answer is
made in a thread: the store may be slow or away, and the event loop carries everybody's pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, quote, unquote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pages.parts.session import door
from pages.parts.text import sentence
from pages.parts.visitor import COOKIE
from pages.web.login_form import login_page, logout_page, notice_page, password_page
from pages.web.paths import BACK, LOGIN, LOGOUT, PASSWORD, local, proof
from pxcore.errors import AccessError, PxError
from pxcore.settings import Settings

Fields = Mapping[str, str]
FORM = "pxcore_form"
"""Cookie that the form's hidden field must repeat."""

ERRAND, WANTED = "pxcore_errand", "pxcore_wanted"
"""Cookies kept while somebody is at the identity provider: what its answer must belong to, and the
address to go to then."""
FORM_SECONDS, ERRAND_SECONDS, SESSION_SECONDS = 3600, 600, 7 * 86_400
AT_ONCE = CapacityLimiter(6)
"""Answers made side by side: a flood of log-ins must not take the threads of pages and files."""
OPEN_TOO_LONG = "This form was open for too long; try again."


def log_in(request: Request, fields: Fields) -> Response:
    """Answer ``/login``: the form, the try, or the way to the identity provider."""
    auth = door().people.auth
    wanted = local(request.query_params.get("next", "/"))
    if auth == "open":
        return RedirectResponse(wanted, 303)
    if auth == "oidc":
        return _to_provider(wanted)
    if request.method != "POST":
        return _form(request, wanted)
    wanted = local(fields.get("next", "/"))
    if not _same(fields.get("form", ""), request.cookies.get(FORM, "")):
        return _form(request, wanted, OPEN_TOO_LONG)
    name, password = fields.get("name", ""), fields.get("password", "")
    try:
        token = door().people.log_in(name, password, _asker(request))
    except AccessError as error:
        return _form(request, wanted, str(error), name)
    answer = RedirectResponse(wanted, 303)
    _keep(answer, COOKIE, token, SESSION_SECONDS)
    answer.delete_cookie(FORM, path="/")
    return answer


def log_out(request: Request, fields: Fields) -> Response:
    """Answer ``/logout``: at once with the session's proof, else after a question."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        return notice_page("You are logged out.")
    given = fields.get("proof", request.query_params.get("proof", ""))
    if not _same(given, proof(token)):
        return logout_page(proof(token))
    door().people.log_out(token)
    return _gone(notice_page("You are logged out."))


def change_password(request: Request, fields: Fields) -> Response:
    """Answer ``/password``: the form, or the change; other sessions of this person end."""
    person = door().people.who(request.cookies.get(COOKIE, ""))
    if door().people.auth != "password" or person is None:
        return RedirectResponse(f"/{LOGIN}", 303)
    if request.method != "POST":
        return _own(request)
    if not _same(fields.get("form", ""), request.cookies.get(FORM, "")):
        return _own(request, OPEN_TOO_LONG)
    if fields.get("new", "") != fields.get("again", ""):
        return _own(request, "The two new passwords differ.")
    mine, old, new = door().seen_by(person).people, fields.get("old", ""), fields.get("new", "")
    try:
        token = mine.change_password(old, new, _asker(request))
    except AccessError as error:
        return _own(request, str(error))
    answer = RedirectResponse("/", 303)
    _keep(answer, COOKIE, token, SESSION_SECONDS)
    return answer


def come_back(request: Request, _: Fields) -> Response:
    """Answer ``/login/back``: who the identity provider sends has a session from here on."""
    if door().people.auth != "oidc":
        return RedirectResponse("/", 303)
    errand, wanted = (unquote(request.cookies.get(name, "")) for name in (ERRAND, WANTED))
    came, answer = dict(request.query_params), RedirectResponse(local(wanted), 303)
    try:
        token = door().people.way_back(came, errand)
    except AccessError as error:
        return _forgotten(notice_page(sentence(str(error)), 403))
    _keep(answer, COOKIE, token, SESSION_SECONDS)
    return _forgotten(answer)


def _to_provider(wanted: str) -> Response:
    """Return the way to the identity provider; what is needed to come back waits in cookies."""
    try:
        address, errand = door().people.way_there()
    except AccessError as error:
        return notice_page(sentence(str(error)), 503)
    answer = RedirectResponse(address, 303)
    _keep(answer, ERRAND, quote(errand), ERRAND_SECONDS)
    _keep(answer, WANTED, quote(wanted), ERRAND_SECONDS)
    return answer


def _forgotten(answer: Response) -> Response:
    """Return the answer that ends an errand: it serves for one log-in only."""
    for name in (ERRAND, WANTED):
        answer.delete_cookie(name, path="/")
    return answer


def _form(request: Request, wanted: str, wrong: str = "", name: str = "") -> HTMLResponse:
    secret = _secret(request)
    empty = not wrong and not door().people.has_admin()
    answer = login_page(wanted, secret, wrong, name, first=empty)
    _keep(answer, FORM, secret, FORM_SECONDS)
    return answer


def _own(request: Request, wrong: str = "") -> HTMLResponse:
    secret = _secret(request)
    answer = password_page(secret, wrong)
    _keep(answer, FORM, secret, FORM_SECONDS)
    return answer


def _secret(request: Request) -> str:
    """Return what the form's field must repeat: that of its cookie, where there is one."""
    known = request.cookies.get(FORM, "")
    return known if len(known) >= 40 else secrets.token_urlsafe(32)


def _asker(request: Request) -> str:
    """Return the address that failures are counted for."""
    return request.client.host if request.client else ""


def _keep(answer: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that no script reads and that foreign pages cannot use."""
    secure = Settings().public_url.startswith("https://")
    answer.set_cookie(
        name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure
    )


def _gone(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _same(given: str, expected: str) -> bool:
    return bool(expected) and secrets.compare_digest(given.encode(), expected.encode())


def _route(path: str, work: Callable[[Request, Fields], Response]) -> Route:
    """Return the route whose answers ``work`` makes, in a thread; what it cannot do is said."""

    async def answer(request: Request) -> Response:
        try:
            fields = _read(await request.body()) if request.method == "POST" else {}
            return await to_thread.run_sync(work, request, fields, limiter=AT_ONCE)
        except PxError as error:
            return notice_page(sentence(str(error)), 503)

    return Route(f"/{path}", answer, methods=["GET", "POST"])


def _read(body: bytes) -> Fields:
    """Return the fields of a form, none of one that is not ours; the guards limit its size."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), True, max_num_fields=10)  # noqa: FBT003
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


ROUTES = (
    _route(LOGIN, log_in),
    _route(BACK, come_back),
    _route(LOGOUT, log_out),
    _route(PASSWORD, change_password),
)
"""What stands before the pages."""
