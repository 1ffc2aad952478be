"""What owners have beside chats: profiles keep their order, and findings about deployments expire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.owner_store import OwnerStore
from jupyter_stream_chat.protocol import DeploymentLimitation, Limitation


@pytest.fixture
def owners(tmp_path: Path) -> Iterator[OwnerStore]:
    store = ChatStore(tmp_path)
    yield store.owners
    store.close()


def test_profiles_keep_their_order(owners: OwnerStore) -> None:
    for name in ("a-profile", "b-profile"):
        owners.save_profile(name, {"id": name})
    owners.save_profile("a-profile", {"id": "a-profile", "model": "new"})
    assert owners.profiles() == [{"id": "a-profile", "model": "new"}, {"id": "b-profile"}]
    assert owners.delete_profile("a-profile") is True
    assert owners.delete_profile("a-profile") is False
    assert owners.profiles() == [{"id": "b-profile"}]


def limitation(model: str, what: Limitation, until: float) -> DeploymentLimitation:
    return DeploymentLimitation(provider="azure", endpoint="", model=model, limitation=what, until=until)


def test_what_deployments_do_not_do_is_forgotten_in_time_or_at_once(owners: OwnerStore) -> None:
    short = limitation("a", "fails_streaming", 10)
    long = limitation("a", "refuses_stream_options", 20)
    for found in (short, long, limitation("b", "refuses_streaming", 5)):
        owners.remember_limitation(found, now=0)
    assert owners.limitations(now=5) == [long, short]
    assert owners.limitations(now=10) == [long]
    prolonged = limitation("a", "fails_streaming", 30)
    owners.remember_limitation(prolonged, now=12)
    assert owners.limitations(now=0) == [prolonged, long], "b went when its time was up"
    owners.forget_limitations()
    assert owners.limitations(now=0) == []


def test_each_owner_has_their_own(owners: OwnerStore) -> None:
    found = limitation("a", "fails_streaming", 10)
    for owner in ("", "ada"):
        owners.save_profile("mine", {"label": owner}, owner)
        owners.set_preference(owner, "default", owner)
        owners.remember_limitation(found, 0, owner)
    assert owners.profile_owners() == ["", "ada"]
    assert owners.preferences("default") == {"": "", "ada": "ada"}
    owners.delete_profile("mine", "ada")
    owners.forget_limitations("ada")
    assert (owners.profiles(), owners.profiles("ada")) == ([{"label": ""}], [])
    assert (owners.limitations(0), owners.limitations(0, "ada")) == ([found], [])
