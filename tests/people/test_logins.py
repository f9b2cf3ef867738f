"""Logging in: attempts that are counted, sessions that end, nothing that tells who exists."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from pxcore.errors import AccessError
from pxcore.people import accounts, logins, passwords
from pxcore.people.logins import BY_ADDRESS, BY_BOTH, BY_NAME, SESSION_SECONDS, WINDOW, WRONG
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import sessions
from pxcore.types.people import Person, Rank
from tests.people.conftest import PASSWORD

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        monkeypatch.setattr(logins.time, "time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def tried(store: Store, name: str, password: str, address: str = HERE) -> str:
    """Return what a failed try says."""
    with pytest.raises(AccessError) as told:
        logins.log_in(store, name, password, address)
    return str(told.value)


def test_a_session(lab: Store) -> None:
    token = logins.log_in(lab, " bob ", PASSWORD, HERE)
    found = logins.who(lab, token)
    assert found is not None
    assert (found.name, found.rank, bool(found.id)) == ("Bob", Rank.MEMBER, True)
    assert len(token) >= 43  # 256 bits
    with lab.database.reading() as connection:
        kept = connection.execute(select(sessions)).one()
    assert token not in str(kept)
    other = logins.log_in(lab, "Bob", PASSWORD, HERE)
    logins.log_out(lab, token)
    assert logins.who(lab, token) is None
    assert logins.who(lab, other) is not None
    for wrong in ("", "x", token[:-1], "ä\x00", "\udcff"):
        assert logins.who(lab, wrong) is None
        logins.log_out(lab, wrong)


def test_a_session_ends_by_itself(lab: Store, clock: Clock) -> None:
    token = logins.log_in(lab, "Bob", PASSWORD, HERE)
    clock.now += SESSION_SECONDS - 1
    assert logins.who(lab, token) is not None
    clock.now += 2
    assert logins.who(lab, token) is None


def test_nothing_tells_which_names_exist(lab: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    real = passwords._HASHER.verify
    passwords._nobodys()  # made at the first unknown name, once

    class Counting:
        def verify(self, stored: str, password: bytes) -> bool:
            worked.append(stored.split("$")[3])  # the parameters: how much work it was
            return real(stored, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    known, unknown = tried(lab, "Bob", "wrong password"), tried(lab, "Nobody", "wrong password")
    assert known == unknown == WRONG
    assert len(worked) == 2
    assert worked[0] == worked[1]


def test_guessing_ends_after_a_few(lab: Store, clock: Clock) -> None:
    for _ in range(BY_BOTH):
        assert tried(lab, "bob", "wrong password") == WRONG
    assert "too many log-ins failed; wait 15 minutes" in tried(lab, "Bob", PASSWORD)
    assert "too many" in tried(lab, "BOB ", PASSWORD)  # the same name in other letters
    locked = [one for one in audit.rows(lab) if one.action == "log-in locked"]
    assert [(one.who, one.subject) for one in locked] == [("bob", HERE)]  # once, not a flood
    assert logins.log_in(lab, "Bob", PASSWORD, THERE)  # nobody shuts Bob out from elsewhere
    assert logins.log_in(lab, "Ada", PASSWORD, HERE)
    clock.now += WINDOW + 1
    assert logins.log_in(lab, "Bob", PASSWORD, HERE)


def test_guessing_many_names_from_one_address_ends(lab: Store) -> None:
    for number in range(BY_ADDRESS):
        assert tried(lab, f"name {number}", "wrong password") == WRONG
    assert "too many" in tried(lab, "Ada", PASSWORD)
    assert logins.log_in(lab, "Ada", PASSWORD, THERE)


def test_guessing_one_name_from_many_addresses_ends(lab: Store) -> None:
    for number in range(BY_NAME):
        assert tried(lab, "Bob", "wrong password", f"198.51.100.{number}") == WRONG
    assert "too many" in tried(lab, "Bob", "wrong password", "203.0.113.1")


def test_guesses_side_by_side_are_counted(lab: Store) -> None:
    def guess(number: int) -> bool:
        return tried(lab, "Bob", f"wrong password {number}") == WRONG

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(guess, range(24))) == BY_BOTH


def test_success_forgives_and_the_clock_may_jump(lab: Store, clock: Clock) -> None:
    for _ in range(BY_BOTH - 1):
        tried(lab, "Bob", "wrong password")
    assert logins.log_in(lab, "Bob", PASSWORD, HERE)
    for _ in range(BY_BOTH):
        assert tried(lab, "Bob", "wrong password") == WRONG
    clock.now -= 86_400  # somebody set the clock back: nobody is shut out for a day
    assert logins.log_in(lab, "Bob", PASSWORD, HERE)


@pytest.mark.parametrize("name", ["", "\x00", "Bob\x00", "\udcff", "x" * 10_000, "' OR 1=1 --"])
def test_strange_names_fail_like_others(lab: Store, name: str) -> None:
    assert tried(lab, name, "wrong password", "\x00" + "9" * 500) == WRONG
    assert tried(lab, "Bob", PASSWORD + "x" * 100_000, THERE) == WRONG
    assert tried(lab, "Bob", "\udcff" * 12, THERE) == WRONG


def test_changing_ones_own_password(lab: Store) -> None:
    token = logins.log_in(lab, "Bob", PASSWORD, HERE)
    bob = logins.who(lab, token)
    assert bob is not None
    mine = lab.seen_by(bob)
    with pytest.raises(AccessError, match="do not belong together"):
        logins.change_password(mine, "wrong password", "a new long password", HERE)
    with pytest.raises(AccessError, match="expected 10 to 200"):
        logins.change_password(mine, PASSWORD, "short", HERE)
    assert logins.who(lab, token) is not None
    new = logins.change_password(mine, PASSWORD, "a new long password", HERE)
    assert logins.who(lab, token) is None
    assert logins.who(lab, new) == bob
    assert tried(lab, "Bob", PASSWORD) == WRONG
    nobody = lab.seen_by(Person())
    with pytest.raises(AccessError, match="nobody is logged in"):
        logins.change_password(nobody, PASSWORD, "a new long password", HERE)


def test_a_password_that_changes_while_it_is_looked_at_opens_nothing(
    lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, new = logins.right, "a new long password"

    def slow(password: str, stored: str) -> bool:
        fine = real(password, stored)
        monkeypatch.setattr(logins, "right", real)
        accounts.set_password(lab, "Bob", new)
        return fine

    def shut_out(password: str, stored: str) -> bool:
        monkeypatch.setattr(logins, "right", real)
        accounts.set_active(lab, "Bob", active=False)
        return real(password, stored)

    monkeypatch.setattr(logins, "right", slow)
    assert tried(lab, "Bob", PASSWORD) == WRONG
    assert logins.log_in(lab, "Bob", new, HERE)  # and the old hash was not written back
    monkeypatch.setattr(logins, "right", shut_out)
    assert tried(lab, "Bob", new) == WRONG


def test_a_flood_of_guesses_writes_nothing(lab: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(BY_BOTH):
        tried(lab, "Bob", "wrong password")
    monkeypatch.setattr(type(lab.database), "writing", None)  # what is refused takes no lock
    assert "too many" in tried(lab, "Bob", "wrong password")


def test_old_hashes_are_renewed(lab: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=128))
    with lab.database.reading() as connection:
        before = logins.named(connection, "Bob")
    logins.log_in(lab, "Bob", PASSWORD, HERE)
    with lab.database.reading() as connection:
        after = logins.named(connection, "Bob")
    assert before is not None
    assert after is not None
    assert "m=64," in before["password_hash"]
    assert "m=128," in after["password_hash"]
    assert logins.log_in(lab, "Bob", PASSWORD, HERE)
