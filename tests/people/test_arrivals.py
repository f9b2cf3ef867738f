"""People of an identity provider: one person by issuer and subject, whatever their name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pxcore.errors import AccessError
from pxcore.people import accounts, logins
from pxcore.people.arrivals import arrive
from pxcore.runs import ledger, sharing
from pxcore.store import audit
from pxcore.store.home import Store
from pxcore.types.people import Person, Rank
from tests.people.conftest import PASSWORD
from tests.report_values import report
from tests.runs.upkeep.test_deletion import plan_on
from tests.tiny_lab import tiny_dataset, tiny_spec

HERE = "https://id.example"


def with_settings(store: Store, **values: str) -> Store:
    return replace(store, settings=store.settings.model_copy(update=values))


def test_the_same_subject_is_the_same_person(store: Store) -> None:
    first = arrive(store, HERE, "s1", "Zoe", "zoe@example.org")
    assert (first.name, first.rank) == ("zoe@example.org", Rank.MEMBER)
    assert arrive(store, HERE, "s1", "Other Name", "new@example.org") == first
    assert arrive(store, HERE, "s2", "Zoe", "").id != first.id
    assert arrive(store, "https://other.example", "s1", "Zoe", "").id != first.id
    assert [one.action for one in audit.rows(store)] == ["person arrived"] * 3
    assert all(one.provider and one.seen for one in accounts.everyone(store))


def test_a_name_that_somebody_has_or_that_owns_work_is_not_given(lab: Store) -> None:
    dataset = tiny_dataset(lab)
    spec = replace(tiny_spec(dataset), owner="dora")
    ledger.submit(lab, spec)
    plan_on(lab, dataset.id, owner="pia")
    sharing.keep(lab.seen_by(Person(name="lou", rank=Rank.MEMBER)), report())
    host = with_settings(lab, owner="Hans")
    assert arrive(lab, HERE, "1", "Ada").name == "Ada (2)"  # Ada is the local administrator
    assert arrive(lab, HERE, "2", "ADA").name == "ADA (3)"
    assert arrive(lab, HERE, "3", "Dora").name == "Dora (2)"  # dora's runs stay dora's
    assert arrive(lab, HERE, "p", "Pia").name == "Pia (2)"  # staged plans
    assert arrive(lab, HERE, "l", "LOU").name == "LOU (2)"  # share links
    assert arrive(host, HERE, "h", "hans").name == "hans (2)"  # what the host itself starts
    assert arrive(lab, HERE, "4", "\x00\n").name == "somebody"
    assert arrive(lab, HERE, "6", "\u202eB\u200bob\n").name == "Bob (2)"  # as people read it
    assert len(arrive(lab, HERE, "5", "x" * 500).name) <= accounts.LONGEST_NAME


def test_administrators_are_named_by_verified_address_or_subject_only(store: Store) -> None:
    named = with_settings(store, admins="Ada@Example.org, sub:s-77", newcomers="reader")
    assert arrive(named, HERE, "1", "ada@example.org", "").rank is Rank.READER  # only a name
    assert arrive(named, HERE, "2", "Ada", "ada@example.org").rank is Rank.ADMIN
    assert arrive(named, HERE, "s-77", "Eve", "").rank is Rank.ADMIN
    assert arrive(named, HERE, "3", "Eve", "eve@example.org").rank is Rank.READER
    # A subject that somebody chose to look like another one's address, or like a setting.
    for subject in ("ada@example.org", "Ada@Example.org"):
        assert arrive(named, HERE, subject, "Mallory").rank is Rank.READER
    assert arrive(named, HERE, "4", "sub:s-77", "").rank is Rank.READER
    assert arrive(named, HERE, "5", "ADA", "ADA@EXAMPLE.ORG").rank is Rank.ADMIN


def test_who_is_named_later_becomes_administrator(store: Store) -> None:
    assert arrive(store, HERE, "1", "Ada", "ada@example.org").rank is Rank.MEMBER
    named = with_settings(store, admins="ada@example.org")
    assert arrive(named, HERE, "1", "Ada", "ada@example.org").rank is Rank.ADMIN
    assert audit.rows(store)[0].detail == "PXCORE_ADMINS"


def test_who_the_settings_name_is_not_demoted_for_a_day(store: Store) -> None:
    named = with_settings(store, auth="oidc", admins="ada@example.org,sub:7")
    for subject, email in (("1", "ada@example.org"), ("7", "bob@example.org")):
        name = arrive(named, HERE, subject, "x", email).name
        with pytest.raises(AccessError, match="PXCORE_ADMINS makes"):
            accounts.set_rank(named, name, Rank.MEMBER)
    assert accounts.set_rank(store, name, Rank.MEMBER).rank is Rank.MEMBER  # once taken out


def test_a_change_of_the_way_in_ends_what_came_by_the_other(lab: Store) -> None:
    provider = with_settings(lab, auth="oidc")
    by_password = logins.log_in(lab, "Bob", PASSWORD, "192.0.2.1")
    by_provider = logins.let_in(provider, arrive(provider, HERE, "1", "Zoe"))
    assert logins.who(lab, by_password) is not None
    assert logins.who(provider, by_password) is None
    assert logins.who(provider, by_provider) is not None
    assert logins.who(lab, by_provider) is None


def test_who_is_shut_out_stays_out(store: Store) -> None:
    named = with_settings(store, admins="ada@example.org, bob@example.org")
    for who in ("ada", "bob"):
        arrive(named, HERE, who, who, f"{who}@example.org")
    accounts.set_active(store, "bob@example.org", active=False)
    for _ in range(2):
        with pytest.raises(AccessError, match="was shut out of this lab"):
            arrive(named, HERE, "bob", "bob", "bob@example.org")


def test_nobody_arrives_without_subject_nor_logs_in_by_password(store: Store) -> None:
    for issuer, subject in (("", "s"), (HERE, "")):
        with pytest.raises(AccessError, match="named nobody"):
            arrive(store, issuer, subject, "Ada")
    arrive(store, HERE, "1", "Ada")
    for password in ("", PASSWORD):
        with pytest.raises(AccessError, match="do not belong together"):
            logins.log_in(store, "Ada", password, "192.0.2.1")
