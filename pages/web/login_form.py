"""The plain pages of the way in and out: no script, no foreign file, readable in the dark."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #22262b; --line: #8a929b; --key: #005f94;
  --on: #fff; --wrong: #8f2d00 }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --text: #e8eaed; --line: #7b838c;
  --key: #7cc4ef; --on: #14171b; --wrong: #ffb38a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif }
main { max-width: 24rem; margin: 12vh auto 0; padding: 0 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input { width: 100%; font: inherit; padding: .5rem .6rem; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem }
button, .button { display: inline-block; margin-top: 1.25rem; font: inherit; font-weight: 600;
  padding: .5rem 1.2rem; color: var(--on); background: var(--key); border: 0; border-radius: .4rem;
  text-decoration: none; cursor: pointer }
:focus-visible { outline: 3px solid var(--key); outline-offset: 2px }
.wrong { color: var(--wrong); font-weight: 600 }
code { font-size: .9em }
"""
FIRST = """<p>Nobody can log in yet. On the host of this dashboard, add the first administrator:</p>
<p><code>python -m pxcore people add NAME --rank admin</code></p>"""


def login_page(
    wanted: str, secret: str, wrong: str, name: str, *, first: bool = False
) -> HTMLResponse:
    """Return the form. ``wrong``: why the last try failed; ``first``: nobody is known yet."""
    body = f"""<h1>Log in</h1>
<p>Which stains matter: this lab's dashboard.</p>
{FIRST if first else ""}{_told(wrong)}
<form method="post" action="/login">
<input type="hidden" name="form" value="{escape(secret)}">
<input type="hidden" name="next" value="{escape(wanted)}">
<label for="name">Name</label>
<input id="name" name="name" value="{escape(name[:200])}" autocomplete="username" maxlength="200"
  autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
  maxlength="200" required>
<button>Log in</button>
</form>"""
    return _page("Log in", body, 403 if wrong else 200)


def password_page(secret: str, wrong: str) -> HTMLResponse:
    """Return the form for a new password; ``wrong``: why the last try failed."""
    fields = (
        ("old", "Your password now", "current-password"),
        ("new", "The new one, 10 characters or more", "new-password"),
        ("again", "The new one again", "new-password"),
    )
    inputs = "\n".join(
        f'<label for="{name}">{label}</label>\n<input id="{name}" name="{name}" type="password" '
        f'autocomplete="{kind}" maxlength="200" required>'
        for name, label, kind in fields
    )
    body = f"""<h1>Change your password</h1>
<p>Wherever else you are logged in, you are logged out.</p>
{_told(wrong)}
<form method="post" action="/password">
<input type="hidden" name="form" value="{escape(secret)}">
{inputs}
<button>Change it</button> &nbsp; <a class="button" href="/">Back</a>
</form>"""
    return _page("Change your password", body, 403 if wrong else 200)


def logout_page(secret: str) -> HTMLResponse:
    """Return the question whether to log out; only our own page can answer it."""
    body = f"""<h1>Log out?</h1>
<form method="post" action="/logout">
<input type="hidden" name="proof" value="{escape(secret)}">
<button>Log out</button> &nbsp; <a class="button" href="/">Stay</a>
</form>"""
    return _page("Log out", body)


def notice_page(words: str, status: int = 200) -> HTMLResponse:
    """Return a page that says one thing, with the way back in."""
    body = f'<h1>{escape(words)}</h1>\n<a class="button" href="/login">Log in</a>'
    return _page("Log in", body, status)


def _told(wrong: str) -> str:
    said = escape(wrong[:1].upper() + wrong[1:])
    return f'<p class="wrong" role="alert">{said}</p>' if wrong else ""


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    # Without any referrer a browser sends forms with "Origin: null", which the guards refuse.
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Which stains matter</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="same-origin"><style>{STYLE}</style></head>
<body><main>
{body}
</main></body></html>"""
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
