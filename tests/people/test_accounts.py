"""Accounts: names that stay, the last administrator, who may change whom."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from pxcore.errors import AccessError
from pxcore.people import accounts, logins, passwords
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.store.tables import people
from pxcore.types.people import Person, Rank
from tests.people.conftest import PASSWORD

HERE = "192.0.2.1"


def test_an_account_and_its_audit(lab: Store) -> None:
    assert [(one.name, one.rank) for one in accounts.everyone(lab)] == [
        ("Ada", Rank.ADMIN), ("Bob", Rank.MEMBER), ("Eve", Rank.READER),
    ]  # fmt: skip
    told = [(one.action, one.subject, one.detail) for one in audit.rows(lab)]
    assert told[0] == ("person added", "Eve", "reader")
    assert accounts.has_admin(lab)
    with lab.database.reading() as connection:
        kept = " ".join(str(value) for row in connection.execute(select(people)) for value in row)
    assert PASSWORD not in kept
    assert "$argon2id$" in kept
    assert PASSWORD not in str(audit.rows(lab))


@pytest.mark.parametrize("name", ["bob", " Bob ", "BOB", "Ｂｏｂ"])  # the last one full-width
def test_a_name_is_given_once_whatever_its_letters(lab: Store, name: str) -> None:
    with pytest.raises(AccessError, match="is taken"):
        accounts.add(lab, name, Rank.MEMBER, PASSWORD)
    accounts.set_active(lab, "Bob", active=False)
    with pytest.raises(AccessError, match="is taken"):  # Bob's runs stay Bob's
        accounts.add(lab, name, Rank.MEMBER, PASSWORD)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00b", "x" * 61, "a\u202eb"])
def test_a_name_can_be_seen(lab: Store, name: str) -> None:
    with pytest.raises(AccessError, match="cannot be a name"):
        accounts.add(lab, name, Rank.MEMBER, PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_has_a_length(lab: Store, password: str) -> None:
    for change in (
        lambda: accounts.add(lab, "Zoe", Rank.MEMBER, password),
        lambda: accounts.set_password(lab, "Bob", password),
    ):
        with pytest.raises(AccessError, match="expected 10 to 200"):
            change()
    assert len(accounts.everyone(lab)) == 3


def test_the_last_active_administrator_stays(lab: Store) -> None:
    changes: tuple[Callable[[], object], ...] = (
        lambda: accounts.set_rank(lab, "Ada", Rank.MEMBER),
        lambda: accounts.set_active(lab, "Ada", active=False),
    )
    for change in changes:
        with pytest.raises(AccessError, match="Ada is the last active administrator"):
            change()
    accounts.set_rank(lab, "Bob", Rank.ADMIN)
    accounts.set_active(lab, "Bob", active=False)
    with pytest.raises(AccessError, match="last active"):  # Bob is shut out, so he does not count
        changes[1]()
    assert accounts.everyone(lab)[0].rank is Rank.ADMIN
    accounts.set_active(lab, "Bob", active=True)
    assert changes[0]() is not None


def test_two_administrators_cannot_demote_each_other_at_once(lab: Store) -> None:
    accounts.set_rank(lab, "Bob", Rank.ADMIN)

    def demote(name: str) -> bool:
        try:
            accounts.set_rank(lab, name, Rank.READER)
        except AccessError:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(demote, ["Ada", "Bob"])) == [False, True]
    assert accounts.has_admin(lab)


@pytest.mark.parametrize("rank", [Rank.MEMBER, Rank.READER])
def test_only_administrators_change_people(lab: Store, rank: Rank) -> None:
    someone = lab.seen_by(Person(name="Bob", rank=rank, id="x"))
    before = accounts.everyone(lab)
    changes: tuple[Callable[[], object], ...] = (
        lambda: accounts.everyone(someone),
        lambda: accounts.add(someone, "Zoe", Rank.ADMIN, PASSWORD),
        lambda: accounts.set_rank(someone, "Bob", Rank.ADMIN),
        lambda: accounts.set_active(someone, "Ada", active=False),
        lambda: accounts.set_password(someone, "Ada", PASSWORD),
        lambda: accounts.set_quota(someone, "Bob", None),
    )
    for change in changes:
        with pytest.raises(AccessError, match="is for administrators; Bob is none"):
            change()
    assert accounts.everyone(lab) == before


def test_who_is_shut_out_is_out_at_once(lab: Store) -> None:
    token = logins.log_in(lab, "bob", PASSWORD, HERE)
    accounts.set_active(lab, "Bob", active=False)
    assert logins.who(lab, token) is None
    with pytest.raises(AccessError, match="do not belong together"):
        logins.log_in(lab, "bob", PASSWORD, HERE)
    accounts.set_active(lab, "Bob", active=True)
    assert logins.who(lab, token) is None  # the old session is over


def test_a_new_password_ends_sessions_and_a_new_rank_holds_at_once(lab: Store) -> None:
    token = logins.log_in(lab, "Bob", PASSWORD, HERE)
    accounts.set_rank(lab, "Bob", Rank.READER)
    found = logins.who(lab, token)
    assert found is not None
    assert found.rank is Rank.READER
    accounts.set_password(lab, "Bob", "another long password")
    assert logins.who(lab, token) is None
    with pytest.raises(AccessError):
        logins.log_in(lab, "Bob", PASSWORD, HERE)
    assert logins.log_in(lab, "Bob", "another long password", HERE)


def test_quotas(lab: Store) -> None:
    assert accounts.set_quota(lab, "Bob", 2.5).quota_gb == 2.5
    assert accounts.set_quota(lab, "Bob", None).quota_gb is None
    for wrong in (-1.0, float("nan"), 1e9):
        with pytest.raises(AccessError, match="quota"):
            accounts.set_quota(lab, "Bob", wrong)
    with pytest.raises(AccessError, match="nobody here is called 'Zoe'"):
        accounts.set_quota(lab, "Zoe", 1.0)


def test_hashes_are_salted_slow_and_checked() -> None:
    one, two = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert one != two
    assert "m=65536" in one
    assert passwords.right(PASSWORD, one)
    assert not passwords.right(PASSWORD + "x", one)
    assert not passwords.right("nobody's password", "")
    assert not passwords.right(PASSWORD, "no hash")
