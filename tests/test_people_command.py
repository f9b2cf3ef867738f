"""``people`` at a terminal: who may log in, and that no password is ever an argument."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner, Result

from pxcore.commands import people as command
from pxcore.commands.program import app
from pxcore.errors import AccessError, PxError
from pxcore.people import accounts, logins, passwords
from pxcore.settings import Settings
from pxcore.store import audit
from pxcore.store.home import Store, open_store
from pxcore.types.people import Rank

FIRST, SECOND = "four words in a row", "quite another password"
HERE = "192.0.2.1"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    quicker = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quicker)
    monkeypatch.setenv("PXCORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PXCORE_AUTH", "password")
    opened = open_store(Settings())
    yield opened
    opened.close()


def call(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["people", *words], input=typed)


def refused(*words: str, typed: str = "") -> str:
    """Return what a command says that is refused in words."""
    result = call(*words, typed=typed)
    assert isinstance(result.exception, PxError), result.output
    return str(result.exception)


def add(name: str, rank: str = "member") -> None:
    result = call("add", name, "--rank", rank, typed=f"{FIRST}\n")
    assert result.exit_code == 0, result.output
    assert f"{name} may log in as {rank}" in result.output
    assert FIRST not in result.output


def ranks(store: Store) -> dict[str, tuple[Rank, bool]]:
    return {one.name: (one.rank, one.active) for one in accounts.everyone(store)}


def test_people_are_added_listed_and_log_in_by_the_password_of_the_pipe(store: Store) -> None:
    assert "nobody yet" in call("list").output
    add("Ada", "admin")
    add("Bob")
    assert logins.log_in(store, "Bob", FIRST, HERE)
    told = call("list").output
    assert [name in told for name in ("Ada", "admin", "Bob", "member")] == [True] * 4
    assert "is taken" in refused("add", "bob", typed=f"{FIRST}\n")
    assert "expected 10 to 200" in refused("add", "Cid", typed="short\n")
    assert "expected 10 to 200" in refused("add", "Cid")  # an empty pipe is no password
    assert set(ranks(store)) == {"Ada", "Bob"}


@pytest.mark.parametrize(
    "words",
    [
        ("add", "Cid", "--password", FIRST),
        ("add", "Cid", FIRST),
        ("set", "Bob", "--password", SECOND),
        ("set", "Bob", f"--password={SECOND}"),
    ],
)
def test_a_password_is_never_an_argument(store: Store, words: tuple[str, ...]) -> None:
    """Other users of the host read the arguments of every command."""
    add("Bob")
    assert call(*words, typed=f"{SECOND}\n").exit_code == 2
    assert set(ranks(store)) == {"Bob"}
    assert logins.log_in(store, "Bob", FIRST, HERE)


def test_a_password_typed_by_hand_is_typed_twice_and_not_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter((FIRST, SECOND, FIRST, FIRST))
    monkeypatch.setattr(command, "getpass", lambda _: next(typed))
    keyboard = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(command, "sys", keyboard)
    assert "the two passwords differ" in refused("add", "Bob")
    assert ranks(store) == {}
    assert call("add", "Bob").exit_code == 0
    assert logins.log_in(store, "Bob", FIRST, HERE)


def test_rank_quota_password_and_being_shut_out_are_set(store: Store) -> None:
    add("Ada", "admin")
    add("Bob")
    token = logins.log_in(store, "Bob", FIRST, HERE)
    assert call("set", "Bob", "--rank", "reader", "--quota", "2.5").exit_code == 0
    (bob,) = [one for one in accounts.everyone(store) if one.name == "Bob"]
    assert (bob.rank, bob.quota_gb) == (Rank.READER, 2.5)
    assert "2.5" in call("list").output
    assert call("set", "Bob", "--quota", "setting").exit_code == 0
    assert logins.who(store, token)
    assert call("set", "Bob", "--password", typed=f"{SECOND}\n").exit_code == 0
    assert logins.who(store, token) is None  # logged out wherever they were
    token = logins.log_in(store, "Bob", SECOND, HERE)
    assert "is shut out" in call("remove", "Bob").output
    assert logins.who(store, token) is None
    with pytest.raises(AccessError):
        logins.log_in(store, "Bob", SECOND, HERE)
    assert ranks(store)["Bob"] == (Rank.READER, False)
    assert call("set", "bob", "--active").exit_code == 0
    assert logins.log_in(store, "Bob", SECOND, HERE)
    assert "nothing was said to be changed" in refused("set", "Bob")
    assert "no number" in refused("set", "Bob", "--quota", "much")
    assert "nobody here is called 'Zoe'" in refused("remove", "Zoe")


def test_the_last_administrator_stays(store: Store) -> None:
    add("Ada", "admin")
    for words in (("remove", "Ada"), ("set", "Ada", "--rank", "member")):
        assert "Ada is the last active administrator" in refused(*words)
    assert ranks(store) == {"Ada": (Rank.ADMIN, True)}
    add("Bob", "admin")
    assert call("remove", "Ada").exit_code == 0
    assert "Bob is the last active administrator" in refused("remove", "Bob")


def test_the_log_is_shortened_but_for_the_latest_month(store: Store) -> None:
    add("Ada", "admin")
    today = datetime.now(UTC).date()
    assert "the log keeps at least 30 days" in refused("shorten-log", str(today))
    early = today - timedelta(days=31)
    told = call("shorten-log", str(early))
    assert f"0 entries of days before {early} were removed" in told.output
    assert [one.action for one in audit.rows(store)] == ["log shortened", "person added"]
    assert call("shorten-log", "yesterday").exit_code == 2
