"""HTTP as a browser speaks it: cookies kept, redirects told and not followed."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def cookie(self, name: str) -> str:
        """Return how a cookie was set, with its attributes."""
        set_here = [value for key, value in self.headers if key.lower() == "set-cookie"]
        return next((one for one in set_here if one.startswith(f"{name}=")), "")

    def field(self, name: str) -> str:
        """Return the value of a hidden field of the form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, self.text
        return found.group(1)


@dataclass
class Browser:
    """One browser without a screen."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """Return the answer to a GET, or to a POST where a form is given."""
        body = None if form is None else urlencode(form)
        sent = {"Cookie": self.cookie} if self.cookies else {}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            sent["Origin"] = f"http://127.0.0.1:{self.port}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET" if body is None else "POST", path, body, sent)
        came = connection.getresponse()
        answer = Answer(came.status, came.getheaders(), came.read().decode("utf-8", "replace"))
        connection.close()
        for key, value in answer.headers:
            if key.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                if "max-age=0" in value.lower():
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = rest.split(";")[0]
        return answer

    def log_in(self, name: str, password: str, wanted: str = "/") -> Answer:
        """Return the answer to a filled form."""
        form = self.ask(f"/login?{urlencode({'next': wanted})}")
        return self.ask(
            "/login",
            {
                "form": form.field("form"),
                "next": wanted,
                "name": name,
                "password": password,
            },
        )
