"""Administration, people: who may come in, what they may do, how much room they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts import admin_links
from pages.parts.errors import banner
from pages.parts.session import lab
from pages.parts.text import md
from pages.parts.words import moment
from pxcore.errors import PxError
from pxcore.plots.numbers import count, minute
from pxcore.types.people import Account, Rank
from pxcore.types.upkeep import HostState

if TYPE_CHECKING:
    from collections.abc import Callable

RANKS = {
    Rank.READER: "reader: looks at everything that is not private",
    Rank.MEMBER: "member: and imports, starts, shares; deletes what is their own",
    Rank.ADMIN: "administrator: and everybody's work, people, clean-up",
}
DONE = "people-told"


def draw(_host: HostState) -> None:
    """Draw the accounts of the lab, or that there are none to keep."""
    auth = lab().people.auth
    if auth == "open":
        st.markdown("#### Nobody logs in here.", anchors=False)
        st.caption(
            "With `PXCORE_AUTH=open` everybody who reaches this address may do everything. Set it "
            "to `password` or `oidc` to have people, ranks and private runs.",
            width=760,
        )
        return
    everyone = lab().people.everyone()
    active = [one for one in everyone if one.active]
    admins = count(sum(one.rank is Rank.ADMIN for one in active), "administrator")
    st.markdown(
        f"#### {count(len(active), 'person', 'people')} may come in, {admins} among them.",
        anchors=False,
    )
    told = st.session_state.pop(DONE, "")
    if told:
        st.success(md(str(told), 200), icon=":material/check:")
    st.dataframe(table(everyone), hide_index=True, key="people-table", width="stretch")
    left, right = st.columns(2)
    with left:
        _change(everyone)
    with right:
        if auth == "password":
            _add()
        else:
            st.markdown("**Add somebody**")
            st.caption("The identity provider knows who they are: they appear when they log in.")


def table(everyone: Sequence[Account]) -> pd.DataFrame:
    """Return accounts, a row each."""
    return pd.DataFrame(
        {
            "Name": [one.name for one in everyone],
            "Rank": [RANKS[one.rank].partition(":")[0] for one in everyone],
            "May come in": [one.active for one in everyone],
            "Quota": [_quota(one.quota_gb) for one in everyone],
            "Last seen": [moment(one.seen) if one.seen else "never" for one in everyone],
            "Added (UTC)": [minute(one.created) for one in everyone],
        }
    )


def _quota(gb: float | None) -> str:
    """Return a quota in words."""
    if gb is None:
        return "as everybody's"
    return f"{gb:g} GiB" if gb else "no limit"


def _change(everyone: Sequence[Account]) -> None:
    """Draw the form that changes one person."""
    st.markdown("**Change somebody**")
    names = [one.name for one in everyone]
    name = st.selectbox("Person", names, key="people-who", index=None, placeholder="choose")
    account = next((one for one in everyone if one.name == name), None)
    if account is None:
        return
    if not account.active:
        admin_links.still_open(account.name)
    with st.form(f"people-change-{account.id}", border=False):
        ranks = list(RANKS)
        rank = st.radio(
            "Rank", ranks, index=ranks.index(account.rank), format_func=RANKS.__getitem__
        )
        active = st.toggle("May come in", value=account.active)
        quota = st.number_input(
            "Quota, GiB",
            min_value=0.0,
            value=account.quota_gb,
            placeholder="as set for everybody",
            help="Empty: as PXCORE_QUOTA_GB says. 0: no limit.",
        )
        password = "" if account.provider else _password("New password (empty: as it is)")
        if st.form_submit_button("Save", icon=":material/check:"):
            wanted = Account(
                id=account.id,
                name=account.name,
                rank=rank or account.rank,
                active=active,
                quota_gb=quota,
                created=account.created,
            )
            _do(lambda: _save(account, wanted, password), f"{account.name} was changed.")


def _save(before: Account, wanted: Account, password: str) -> None:
    """Carry out what differs, the most likely refusal first."""
    people = lab().people
    if wanted.rank is not before.rank:
        people.set_rank(before.name, wanted.rank)
    if wanted.active != before.active:
        people.set_active(before.name, active=wanted.active)
    if wanted.quota_gb != before.quota_gb:
        people.set_quota(before.name, wanted.quota_gb)
    if password:
        people.set_password(before.name, password)


def _add() -> None:
    """Draw the form for somebody new."""
    st.markdown("**Add somebody**")
    with st.form("people-add", border=False, clear_on_submit=True):
        name = st.text_input("Name", max_chars=60, key="people-new-name")
        rank = st.radio("Rank", list(RANKS), index=1, format_func=RANKS.__getitem__)
        password = _password("First password")
        if st.form_submit_button("Add", type="primary", icon=":material/person_add:"):
            _do(
                lambda: lab().people.add(name.strip(), rank or Rank.MEMBER, password),
                f"{name.strip()} was added. Tell them the password; they can change it.",
            )


def _password(label: str) -> str:
    return st.text_input(label, type="password", max_chars=200, autocomplete="new-password")


def _do(act: Callable[[], object], said: str) -> None:
    """Carry something out and draw the page anew, or say why not."""
    try:
        act()
    except PxError as error:
        banner(error)
        return
    st.session_state[DONE] = said
    st.rerun()
