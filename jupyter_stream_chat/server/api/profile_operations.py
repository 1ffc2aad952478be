"""The operations on profiles, providers and deployments: a row for each.

What they do with a profile is in ``profiles``; this module enters it into the table. A profile's values are
an open object: which fields it may have depends on its provider.
"""

from __future__ import annotations

from collections.abc import Awaitable

from ... import protocol as wire
from .operation import Answer, Call, Done, File, Operation, RestRequest, Route, Stream, Values
from .profiles import ProfileApi


class Everything(RestRequest):
    """A request without fields."""


class OfProfile(RestRequest):
    """A request that names a profile."""

    profile_id: str


class DefaultProfile(RestRequest):
    """The profile that chats without a choice use."""

    profile_id: str


class ValuesOfProfile(Values):
    """The values of a profile that is there."""

    profile_id: str


class Deployments(Answer):
    """What deployments were found not to do."""

    deployments: list[wire.DeploymentLimitation]


class Forgotten(Answer):
    """What the doctor finds of a deployment of which nothing is remembered any more."""

    step: wire.DoctorStep


def _api(call: Call) -> ProfileApi:
    return ProfileApi(call.services, call.access, call.body)


async def _json(answer: Awaitable[bytes]) -> File:
    return File("application/json", await answer)


async def list_profiles(call: Call, request: Everything) -> File:
    """List the profiles, without keys."""
    return await _json(_api(call).list_profiles())


async def add_profile(call: Call, request: Values) -> File:
    """Add a profile."""
    return await _json(_api(call).add_profile())


async def get_profile(call: Call, request: OfProfile) -> File:
    """Return a profile, without its key."""
    return await _json(_api(call).get_profile(request.profile_id))


async def replace_profile(call: Call, request: ValuesOfProfile) -> File:
    """Replace a profile."""
    return await _json(_api(call).replace_profile(request.profile_id))


async def choose_default_profile(call: Call, request: DefaultProfile) -> Done:
    """Let chats without a choice use a profile, until another is chosen or saved."""
    await _api(call).choose_default(request.profile_id)
    return Done()


async def delete_profile(call: Call, request: OfProfile) -> File:
    """Delete a profile."""
    return await _json(_api(call).delete_profile(request.profile_id))


async def list_providers(call: Call, request: Everything) -> File:
    """List what the form of each provider has."""
    return await _json(_api(call).list_providers())


async def check_profile(call: Call, request: Values) -> File:
    """Say what is wrong with the values of a form."""
    return await _json(_api(call).check_profile())


async def list_models(call: Call, request: Values) -> File:
    """Ask the endpoint of a form which models it has."""
    return await _json(_api(call).list_models())


async def try_profile(call: Call, request: Values) -> File:
    """Ask the model of a form something short."""
    return await _json(_api(call).try_profile())


async def examine_profile(call: Call, request: Values) -> Stream:
    """Examine a profile; answer with one JSON line for each step, as it ends."""
    return Stream("application/x-ndjson", await _api(call).examine_profile())


async def list_deployments(call: Call, request: Everything) -> Deployments:
    """List what deployments were found not to do."""
    return Deployments(deployments=await call.services.deployments.all(call.access.owner))


async def forget_deployments(call: Call, request: Everything) -> Done:
    """Forget what is known of deployments: each is asked to stream again."""
    await call.services.deployments.forget(call.access.owner)
    return Done()


async def forget_deployment(call: Call, request: Values) -> Forgotten:
    """Forget what was found of one profile's deployment; the profile is named as for the doctor."""
    return Forgotten(step=await _api(call).forget_deployment())


_PROFILE = "profiles/{profile_id}"

OPERATIONS = (
    Operation(Everything, "read", "nothing", list_profiles, Route("GET", "profiles")),
    Operation(Values, "write", "nothing", add_profile, Route("POST", "profiles", 201)),
    Operation(OfProfile, "read", "nothing", get_profile, Route("GET", _PROFILE)),
    Operation(ValuesOfProfile, "write", "nothing", replace_profile, Route("PUT", _PROFILE)),
    Operation(DefaultProfile, "write", "nothing", choose_default_profile, Route("PUT", "default-profile")),
    Operation(OfProfile, "write", "nothing", delete_profile, Route("DELETE", _PROFILE)),
    Operation(Values, "read", "nothing", check_profile, Route("POST", "profiles/check")),
    Operation(
        Values, "execute", "nothing", list_models, Route("POST", "profiles/models"), ends_with_client=True
    ),
    Operation(
        Values, "execute", "nothing", try_profile, Route("POST", "profiles/try"), ends_with_client=True
    ),
    Operation(Everything, "read", "nothing", list_providers, Route("GET", "providers")),
    Operation(Values, "execute", "nothing", examine_profile, Route("POST", "doctor")),
    Operation(Everything, "read", "nothing", list_deployments, Route("GET", "deployments")),
    Operation(Everything, "write", "nothing", forget_deployments, Route("DELETE", "deployments")),
    Operation(Values, "write", "nothing", forget_deployment, Route("POST", "deployments/forget")),
)
