"""The settings that an administrator writes as ``c.StreamChat.<name>``, with their defaults.

Owns traits and paths. Imports nothing but traitlets and Jupyter's path functions, because Jupyter loads it
at its start; says nothing about what a profile may contain (``providers.profiles`` does).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Dict, Enum, Float, HasTraits, Int, List, Unicode, default, validate
from traitlets.traitlets import TraitError

_KIB = 1024
_MIB = 1024 * _KIB
_STREAMING: tuple[Literal["auto", "on", "off"], ...] = ("auto", "on", "off")
_ATTACHMENTS: tuple[Literal["on", "local", "off"], ...] = ("on", "local", "off")

_PRIVATE: tuple[Literal["auto", "allow", "refuse"], ...] = ("auto", "allow", "refuse")


class Settings(HasTraits):
    """What can be configured. Mixed into the Jupyter extension; can stand alone in scripts and tests."""

    profiles = List(
        Dict(),
        help="""Model profiles that pages can use but not change. Each has an `id` and a `provider`
        (huggingface, openai, azure, openai-compatible, langchain or an installed one), mostly a `model`, and
        if wanted `label`, `base_url`, `api_key` or `api_key_env`, `streaming`, `parameters` and others:
        see docs/providers.md.""",
    ).tag(config=True)

    profiles_locked = Bool(
        False,
        help="""Offer the configured profiles and the guide alone: pages can neither add others nor try or
        examine others.""",
    ).tag(config=True)

    key_variables = List(
        Unicode(),
        help="""Environment variables that profiles may take a key from, beside those that end in _API_KEY.
        Pages can name them too.""",
    ).tag(config=True)

    key_destinations = Dict(
        key_trait=Unicode(),
        value_trait=List(Unicode()),
        help="""Addresses by environment variable, to which profiles made in the panel may send its key:
        {"OUR_API_KEY": ["https://llm.example.com"]}. The provider's own hosts, and the addresses of
        `profiles` that name the variable, need not be listed.""",
    ).tag(config=True)

    private_addresses = Enum(
        _PRIVATE,
        _PRIVATE[0],
        help="""Whether a profile made in the panel may name an address of this machine or its network
        (loopback, link-local, private). auto: yes, but not with `per_user`. Addresses of `profiles` are not
        restricted.""",
    ).tag(config=True)

    proxy_loopback = Bool(
        False,
        help="""Ask providers on this machine (localhost, 127.0.0.0/8, ::1) through the proxy of the
        environment too, unless NO_PROXY names them. False: they are asked directly.""",
    ).tag(config=True)

    default_profile = Unicode(
        "",
        help="The id of the profile that a new chat uses. Empty: the first configured one, else the guide.",
    ).tag(config=True)

    streaming = Enum(
        _STREAMING,
        _STREAMING[0],
        help="""Whether answers come token by token (on) or in one piece (off), unless a profile or chat says.
        auto: token by token, but in one piece where a deployment does not stream.""",
    ).tag(config=True)

    streaming_locked = Bool(
        False, help="Let `streaming` hold for every profile and every chat, whatever they say."
    ).tag(config=True)

    data_dir = Unicode(
        help="The folder of chats and spools. Default: stream-chat in Jupyter's data folder."
    ).tag(config=True)

    per_user = Bool(
        False,
        help="""Keep each user's chats, profiles and keys to that user. Only with a real identity provider:
        with plain token authentication Jupyter invents a user per browser.""",
    ).tag(config=True)

    tracing = Bool(
        False,
        help="Let LangChain send every chat to the tracing service that the environment names.",
    ).tag(config=True)

    max_live_runs = Int(64, min=1, help="Runs that may go on at once in this server.").tag(config=True)

    max_queued_runs = Int(
        32, min=1, help="Runs that may wait for the local engine, beyond those that it answers at once."
    ).tag(config=True)

    max_message_characters = Int(200_000, min=1, help="Length of a question, in code points.").tag(
        config=True
    )

    attachments = Enum(
        _ATTACHMENTS,
        _ATTACHMENTS[0],
        help="""To which models attachments (cells, files, variables and others) may go: all (on), only those
        that run in this server's own engine (local), or none (off).""",
    ).tag(config=True)

    max_attachments = Int(50, min=1, help="Attachments of one question.").tag(config=True)

    max_attachment_bytes = Int(
        256 * _KIB, min=_KIB, help="Size of one attachment's content as UTF-8, in bytes."
    ).tag(config=True)

    max_answer_characters = Int(
        4_000_000,
        min=1,
        help="""Length of an answer with its reasoning, in code points. A longer one is ended there, and its
        text is kept.""",
    ).tag(config=True)

    max_open_chats = Int(50, min=1, help="Chats that one page may follow at once.").tag(config=True)

    max_pending_commands = Int(64, min=1, help="Commands that one page may have unanswered.").tag(config=True)

    max_frame_bytes = Int(
        _MIB, min=_KIB, help="Size of one WebSocket frame or request body that a page may send, in bytes."
    ).tag(config=True)

    max_pause_seconds = Float(
        4 * 3600.0,
        min=1,
        help="""Seconds that an answer may stay paused; then it ends with what was shown, and its chat and the
        local model are free again. The text of a hosted model that is still generating is held back for 60
        seconds only.""",
    ).tag(config=True)

    engine_idle_seconds = Int(600, min=1, help="Seconds after which an unused local model is unloaded.").tag(
        config=True
    )

    engine_max_chats = Int(
        32, min=1, help="Answers that the local engine writes at once; further questions wait in its queue."
    ).tag(config=True)

    engine_cache_mib = Int(
        0,
        min=0,
        help="""Most memory for the chats of a loaded local model, in MiB. 0: a quarter of what is free once
        it is loaded, at most 4 GiB, or 16 GiB on a GPU.""",
    ).tag(config=True)

    engine_keep_free_mib = Int(
        512,
        min=0,
        help="""Free memory (the GPU's, where a local model is on it) below which the local engine gives back
        what is idle, in MiB: first what finished chats take, then models that nobody asks. Notebooks and
        other programs need it more.""",
    ).tag(config=True)

    engine_threads = Int(
        0, min=0, help="CPU threads of the local engine. 0: one less than there are cores, at least one."
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "stream-chat")

    @validate("profiles")
    def _unique_profiles(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        """Refuse two profiles of one id: which of them answers would depend on their order."""
        profiles: list[dict[str, Any]] = proposal["value"]
        ids = [profile["id"] for profile in profiles if "id" in profile]
        repeated = sorted({str(one) for one in ids if ids.count(one) > 1})
        if repeated:
            raise TraitError(
                f"StreamChat.profiles has more than one profile with the id {', '.join(repeated)}"
            )
        return profiles

    @property
    def allows_private_addresses(self) -> bool:
        """Whether a profile made in the panel may name an address of this machine or its network."""
        return self.private_addresses == "allow" or (self.private_addresses == "auto" and not self.per_user)

    @property
    def data_folder(self) -> Path:
        """``data_dir`` as an absolute path, with a leading ``~`` replaced."""
        return Path(self.data_dir).expanduser().absolute()
