"""Settings as an administrator meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from traitlets import TraitError
from traitlets.config import Config, Configurable

from jupyter_stream_chat.config import Settings


class StreamChat(Settings, Configurable):
    """Settings under the section name of the extension."""


def test_values_come_from_the_section_stream_chat() -> None:
    assert (Settings().streaming, Settings().streaming_locked) == ("auto", False)
    config = Config({"StreamChat": {"streaming": "off", "max_live_runs": 2, "profiles": [{"id": "a"}]}})
    settings = StreamChat(config=config)
    assert (settings.streaming, settings.max_live_runs, settings.profiles) == ("off", 2, [{"id": "a"}])


def test_data_live_in_jupyters_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert Settings().data_folder == tmp_path / "stream-chat"


def test_a_data_folder_may_start_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings(data_dir="~/chats").data_folder == tmp_path / "chats"


@pytest.mark.parametrize(
    ("name", "value"), [("streaming", "sometimes"), ("max_live_runs", 0), ("max_frame_bytes", 10)]
)
def test_a_senseless_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(TraitError):
        Settings(**{name: value})


def test_two_profiles_of_one_id_are_refused_by_name() -> None:
    with pytest.raises(TraitError, match="the id twin"):
        Settings(profiles=[{"id": "twin"}, {"id": "other"}, {"id": "twin"}])


def test_each_setting_explains_itself_and_can_be_configured() -> None:
    traits = Settings.class_own_traits()
    assert traits
    assert all(trait.help and trait.metadata.get("config") for trait in traits.values())
