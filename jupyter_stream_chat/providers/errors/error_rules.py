"""The table of refusals: what is known of an exception, and the sentence and the hint for it.

Pure data and predicates. ``errors`` fills in the names and the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .error_facts import ErrorFacts


@dataclass(frozen=True)
class Rule:
    """One line. Its sentences name ``{model}``, ``{endpoint}``, ``{version}``, or what ``values`` reads."""

    applies: Callable[[ErrorFacts], bool]
    code: str
    message: str
    hint: str
    field: str | None = None
    """The field of the profile to look at; may hold a name of ``values``."""
    values: Callable[[ErrorFacts], dict[str, str] | None] = lambda facts: {}
    """What to read from the provider's words; None: it is not there, and the rule does not apply."""


def _status(*codes: int) -> Callable[[ErrorFacts], bool]:
    return lambda facts: facts.status in codes


def _named(*names: str) -> Callable[[ErrorFacts], bool]:
    return lambda facts: not facts.names.isdisjoint(names)


def _says(*words: str) -> Callable[[ErrorFacts], bool]:
    return lambda facts: any(word in facts.text for word in words)


def _matches(pattern: str) -> Callable[[ErrorFacts], bool]:
    words = re.compile(pattern)
    return lambda facts: words.search(facts.text) is not None


def _any(*conditions: Callable[[ErrorFacts], bool]) -> Callable[[ErrorFacts], bool]:
    return lambda facts: any(condition(facts) for condition in conditions)


def _all(*conditions: Callable[[ErrorFacts], bool]) -> Callable[[ErrorFacts], bool]:
    return lambda facts: all(condition(facts) for condition in conditions)


def _unknown_status(facts: ErrorFacts) -> bool:
    """Tell whether an error came in a stream that had begun, without a status of its own."""
    return facts.status is None or facts.status == 200


# --- what is read from the provider's words ---------------------------------------------------------

_MOST = re.compile(
    r"(?:maximum context length|context (?:length|size|window)|maximum|up to|at most|this model reads)"
    r"\D{0,30}?(\d{3,})|> *(\d{3,}) *maximum|n_ctx\W{1,4}(\d{3,})"
    r"|(?:limit of|limit:|tokens allowed|cannot exceed|length of only|must be <=)\W{0,3}(\d{3,})"
)
_ASKED = re.compile(
    r"(?:requested|resulted in|too long:|(?:request|input) \("
    r"|(?:prompt|conversation|input) (?:has|contains|is))"
    r"\D{0,30}?(\d{3,})|n_prompt_tokens\W{1,4}(\d{3,})"
    r"|(?:token count(?: of)?|received|given:|keep the first|prompt contains)\W{0,3}(\d{3,})"
)


def sizes_in(text: str) -> dict[str, str] | None:
    """Return how long the conversation is and may be, in tokens, as a sentence in lower case says it."""
    most, asked = _MOST.search(text), _ASKED.search(text)
    if most is None or asked is None:
        return None
    return {"asked": next(filter(None, asked.groups())), "most": next(filter(None, most.groups()))}


_PARAMETER: Final = {
    "max_completion_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "presence_penalty": "repetition_penalty",
    **{
        name: name
        for name in ("temperature", "top_p", "top_k", "max_tokens", "repetition_penalty", "seed", "stop")
    },
}
_QUOTED_PARAMETER = re.compile(rf"""['"`.( ](?P<name>{"|".join(_PARAMETER)})(?=['"`). ,:=]|$)(?! sequence)""")


def _parameter(facts: ErrorFacts) -> dict[str, str] | None:
    """Return the parameter that the provider does not take: named by itself, or within its sentence."""
    named = (facts.param or "").rpartition(".")[2]
    found = _QUOTED_PARAMETER.search(facts.text)
    name = _PARAMETER.get(named) or (_PARAMETER[found["name"]] if found else None)
    return {"parameter": name} if name else None


# --- the table --------------------------------------------------------------------------------------

_TOO_LONG = _any(
    _named("ContextOverflowError"),
    _says(
        "context_length_exceeded",
        "maximum context length",
        "context size",
        "context window",
        "prompt is too long",
        "prompt too long",
        "input is too long",
        "range of input length",
        "exceeds the model's maximum",
        "reduce the length of",
        "prompt 超长",
        "输入过长",
    ),
    _all(
        lambda facts: facts.status != 429,
        _matches(
            r"\b(prompt|inputs?|context|conversation|request)\b[^.]{0,60}\bexceed(s|ed)?\b"
            r"[^.]{0,40}\b(limit|maximum|length|tokens)"
            r"|too many tokens|context length of only|`inputs` tokens \+"
            r"|\b(longer|larger|greater) than\b[^.]{0,40}\bcontext (length|window|size)"
        ),
    ),
)
_QUOTA: Final = _matches(
    r"insufficient[ _](user[ _])?(quota|balance|credits?|funds)|exceeded_current_quota|arrearage"
    r"|balance is (insufficient|too low)|billing_hard_limit|spending limit|used all available credits"
    r"|account\b.{0,20}\bsuspended|budget[ _](has been )?exceeded|余额不足|额度不足|欠费"
    r"|free tier\b.{0,30}\bexhausted|allocationquota|quota\b.{0,20}\b(exhausted|used up)"
)
_FILTERED: Final = _says(
    "content_filter",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "datainspectionfailed",
    "inappropriate content",
    "content management policy",
    "content policy",
    "content exists risk",
    "safety system",
    "requires moderation",
    "was flagged",
    "guardrail",
    "prohibited_content",
    "blockreason",
    "block_reason",
    "prompt blocked",
    "prompt was blocked",
    "response blocked",
    "response was blocked",
    "敏感内容",
    "违规内容",
)
_NO_REGION: Final = _says(
    "unsupported_country_region_territory",
    "country, region, or territory",
    "location is not supported",
    "not available in your country",
    "not available in your region",
)
_NO_MODEL: Final = _matches(
    r"\bmodel\b[^.]{0,60}\b(not found|not exist|not a valid model)|(invalid|unknown) model\b"
    r"|not a valid model|model_not_(found|available|supported)|model_decommissioned|模型不存在"
    r"|models/\S+ is not found"
)
_NETWORK_REFUSED: Final = _matches(
    r"firewall|virtual network|private endpoint|public (network )?access is disabled"
    r"|error code: 10\d\d\b|\bip( address)?\b.{0,40}\b(not (allowed|authorized|whitelisted)|blocked|denied)"
)
_BUSY: Final = _says(
    "overloaded",
    "over capacity",
    "over_capacity",
    "capacity exceeded",
    "no capacity",
    "server is busy",
    "server busy",
    "high traffic",
    "high demand",
    "访问量过大",
    "系统繁忙",
    "engine busy",
    "too busy",
    "loading model",
    "model is loading",
    "currently loading",
)
_ASK_AGAIN: Final = "Ask again; what had arrived is kept."


def _ended_with(facts: ErrorFacts) -> dict[str, str] | None:
    return {"reason": facts.end_word} if facts.end_word else None


_UNREADABLE: Final = Rule(
    _all(_unknown_status, _named("DecodingError")),
    "malformed_answer",
    "What {endpoint} sent is no answer in OpenAI's protocol.",
    "Check the address with its path; if it worked before, ask again.",
    "{address}",
)
"""Compressed otherwise than its head says, say: the connection held."""

# The first rule that applies wins: the particular stands before the general.
RULES: Final = (
    Rule(
        lambda facts: facts.redirect is not None,
        "server_redirects",
        "The server at {endpoint} redirects to {location}.",
        "If you trust it, enter that address in the profile, without /chat/completions; it got nothing.",
        "{address}",
        values=lambda facts: {"location": facts.redirect or "nowhere"},
    ),
    Rule(
        _named("NoContent"),
        "malformed_answer",
        "The server at {endpoint} answered without any content.",
        "Check the address with its path; if it worked before, ask again.",
        "{address}",
    ),
    Rule(
        _named("EndedEarly"),
        "ended_early",
        "The provider ended the answer before it was complete: {reason}.",
        "Continue, or ask again; what had arrived is kept.",
        values=_ended_with,
    ),
    Rule(
        _all(_named("ImportError"), _says("socks")),
        "proxy_package_missing",
        "The proxy of the environment is a SOCKS proxy, and a package for it is not installed.",
        "Run: pip install socksio, and restart Jupyter; or set NO_PROXY for {endpoint}.",
    ),
    Rule(
        _says("unknown scheme for proxy", "unsupported proxy", "proxy url"),
        "proxy_failed",
        "The environment names a proxy whose address cannot be used.",
        "Begin it with http://, https:// or socks5:// (not socks://), in HTTPS_PROXY, HTTP_PROXY or "
        "ALL_PROXY, or set NO_PROXY for {endpoint}.",
    ),
    Rule(
        _any(
            _all(_named("LocalProtocolError"), _says("illegal header value")),
            _all(_named("UnicodeEncodeError"), _says("ascii")),
        ),
        "wrong_key",
        "The key holds a sign that no key can have.",
        "Copy the key again, alone: into the profile, or into the environment variable that it names.",
        "api_key",
    ),
    Rule(
        _named("StreamingRefused"),
        "does_not_stream",
        "{model} does not stream its answers, and streaming is set to on.",
        "Set streaming to auto or off: for this chat by the switch below the question, or in the profile.",
        "streaming",
    ),
    Rule(
        _named("LearnedHowToAsk"),
        "learned_how_to_ask",
        "{model} refused the request for its form, twice and each time for another reason.",
        "Ask again: the next request has the form that it takes.",
    ),
    Rule(
        _named("ModelRefused"),
        "model_refused",
        "{model} refused to answer.",
        "Put the question in other words; what it said is in the details.",
    ),
    Rule(
        _TOO_LONG,
        "context_too_long",
        "The conversation has {asked} tokens; {model} accepts at most {most}.",
        "Start a new chat, shorten the question, or lower max_tokens.",
        values=lambda facts: sizes_in(facts.text),
    ),
    Rule(
        _TOO_LONG,
        "context_too_long",
        "The conversation is longer than {model} can read.",
        "Start a new chat, or shorten the question.",
    ),
    Rule(
        _any(_all(_status(400, 403, 422, 446, 451), _FILTERED), _named("QuestionBlocked")),
        "content_filter",
        "The provider's content filter refused the question.",
        "Put the question in other words.",
    ),
    Rule(
        _any(_all(_unknown_status, _FILTERED), _named("AnswerBlocked")),
        "content_filter",
        "The provider's content filter ended the answer.",
        "Put the question in other words.",
    ),
    Rule(
        _any(_status(451), _all(_status(400, 403), _NO_REGION)),
        "region_refused",
        "The provider does not serve the country or region from which this server asks.",
        "Choose another provider, or ask the administrator; the provider's own words are in the details.",
    ),
    Rule(
        _any(
            _status(402),
            _QUOTA,
        ),
        "quota_used_up",
        "The account's quota is used up.",
        "Check the account's plan and billing.",
        "api_key",
    ),
    Rule(
        _any(
            _status(401),
            _named("AuthenticationError"),
            _all(
                _any(_unknown_status, _status(400)),
                _says(
                    "invalid_api_key",
                    "api_key_invalid",
                    "incorrect api key",
                    "invalid api key",
                    "api key not valid",
                    "valid api key",
                    "access token invalid",
                    "invalid access token",
                    "login fail",
                ),
            ),
        ),
        "wrong_key",
        "The provider does not accept the key.",
        "Check the profile's API key.",
        "api_key",
    ),
    Rule(
        _all(_status(403), _any(lambda facts: facts.is_page, _NETWORK_REFUSED)),
        "access_blocked",
        "A firewall or a proxy before the provider at {endpoint} refused the request.",
        "It may not let this server's network through; its own words are in the details.",
        "{address}",
    ),
    Rule(
        _any(_status(403), _named("PermissionDeniedError")),
        "wrong_key",
        "The key may not use {model}.",
        "Ask the owner of the account for access, or choose another model.",
        "api_key",
    ),
    Rule(
        _any(_named("ClientAuthenticationError", "CredentialUnavailableError")),
        "wrong_key",
        "Entra ID gave no token to ask {endpoint} with.",
        "Sign in (az login), or give the server a managed identity; the details say what was tried.",
        "azure_identity",
    ),
    Rule(
        _all(
            _status(400, 404),
            _says("api version", "api-version", "api_version", "apiversion"),
            lambda facts: not _NO_MODEL(facts),
        ),
        "unknown_api_version",
        "The provider at {endpoint} does not know the API version {version}.",
        'Choose another api_version, for example "2024-10-21".',
        "api_version",
    ),
    Rule(
        _all(_status(404), _says("deployment")),
        "unknown_model",
        "The provider at {endpoint} does not know the deployment {model}.",
        "Check the deployment's name in the Azure portal; a new one takes some minutes.",
        "{deployment}",
    ),
    Rule(
        _all(
            lambda facts: facts.status in (None, 200, 400, 404, 405),
            _any(
                _says(
                    "no such endpoint",
                    "url.not_found",
                    "unexpected endpoint",
                    "unknown endpoint",
                    "unknown request url",
                    "invalid url (",
                    "cannot post",
                    "cannot get",
                    "route not found",
                    "no route",
                    "page not found",
                    "method not allowed",
                ),
                _all(
                    _status(404),
                    lambda facts: facts.said.strip().lower() in ("not found", "404 not found", "404"),
                ),
                _all(_status(404, 405), lambda facts: facts.is_page),
            ),
        ),
        "wrong_path",
        "The server at {endpoint} has no chat completions at this address.",
        "Check the path of the address; of most servers it ends in /v1{proposal}.",
        "{address}",
    ),
    Rule(
        # Gateways say it by a 400.
        _any(_status(404, 410), _named("NotFoundError"), _all(_status(400, 422), _NO_MODEL)),
        "unknown_model",
        "The provider at {endpoint} does not know {model}.",
        "Check the model's (or deployment's) name, and the address with its path.",
        "{deployment}",
    ),
    Rule(
        _any(
            _status(498, 529),
            _all(lambda facts: facts.status in (None, 200, 429) or (facts.status or 0) >= 500, _BUSY),
        ),
        "provider_busy",
        "The provider is overloaded at the moment.",
        "Wait a moment and ask again.",
    ),
    Rule(
        _any(
            _status(429),
            _named("RateLimitError"),
            _all(_unknown_status, _says("rate limit", "rate_limit", "rate-limit", "too many requests")),
            _all(_status(400), _says("throttlingexception", "too many requests")),
        ),
        "rate_limited",
        "The provider has received too many requests with this key.",
        "Wait a minute and ask again.",
    ),
    Rule(
        _any(_status(407), _named("ProxyError")),
        "proxy_failed",
        "The proxy on the way to {endpoint} did not let the request through.",
        "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the Jupyter server.",
    ),
    Rule(
        _any(_named("APITimeoutError", "TimeoutException", "TimeoutError"), _status(408, 504, 522, 524)),
        "timeout",
        "The provider at {endpoint} did not answer in time.",
        "Try again; if it lasts, check the address and the network.",
    ),
    Rule(
        _named("gaierror"),
        "unknown_host",
        "The host of {endpoint} cannot be found.",
        "Check the address for a misspelling, and the network.",
        "{address}",
    ),
    Rule(
        _all(
            _named("SSLError"),
            _says("wrong_version_number", "record_layer_failure", "packet length too long"),
        ),
        "no_tls",
        "The server at {endpoint} does not speak TLS.",
        'Begin the address with "http://", if the way to it is safe, or give the port that speaks TLS.',
        "{address}",
    ),
    Rule(
        _says("plain http request was sent to https port", "client sent an http request to an https server"),
        "no_tls",
        "The server at {endpoint} speaks TLS only.",
        'Begin the address with "https://".',
        "{address}",
    ),
    Rule(
        _named("SSLError", "SSLCertVerificationError"),
        "untrusted_certificate",
        "The connection to {endpoint} is not trusted.",
        "Check the address; behind a company proxy set SSL_CERT_FILE to its certificate.",
        "{address}",
    ),
    Rule(
        _named("StreamCut"),
        "stream_cut",
        "The provider closed the stream before the answer was complete.",
        "Continue it, or ask again; what had arrived is kept.",
    ),
    Rule(
        _named("ConnectionRefusedError", "ConnectError"),
        "connection_refused",
        "Nothing answers at {endpoint}.",
        "Check the address, and that the server there is running.",
        "{address}",
    ),
    _UNREADABLE,
    Rule(
        _all(
            _unknown_status,
            _named("APIConnectionError", "TransportError", "ConnectionError", "IncompleteReadError"),
        ),
        "connection_lost",
        "The connection to the provider broke.",
        _ASK_AGAIN,
    ),
    Rule(
        _named("UnsupportedProtocol", "InvalidURL"),
        "profile_unusable",
        "The address {endpoint} is not a web address.",
        'It must begin with "http://" or "https://".',
        "{address}",
    ),
    Rule(
        _named("EmptyStream"),
        "provider_error",
        "The stream of {model} ended without anything in it.",
        "Ask again; if it recurs, check the address with its path, or set streaming to off.",
    ),
    Rule(
        # Shown where asking without streaming failed too.
        _any(
            _named("NotStreamed"),
            _says("no generation chunks were returned", "does not support stream"),
        ),
        "provider_error",
        "{model} did not stream its answer.",
        "Check the address with its path; the provider's own words are in the details.",
    ),
    Rule(
        _named("MalformedAnswer", "JSONDecodeError", "APIResponseValidationError", "UnicodeDecodeError"),
        _UNREADABLE.code,
        _UNREADABLE.message,
        _UNREADABLE.hint,
        _UNREADABLE.field,
    ),
    Rule(
        _status(413),
        "context_too_long",
        "The conversation is longer than the server at {endpoint} accepts.",
        "Start a new chat, or shorten the question.",
    ),
    Rule(
        _named("StreamingFailed"),
        "provider_error",
        "An error occurred at the provider.",
        "Try again in a moment; if it lasts, set streaming to auto: the deployment may not stream.",
        "streaming",
    ),
    Rule(
        lambda facts: (facts.status or 0) >= 500,
        "provider_error",
        "An error occurred at the provider.",
        "Try again in a moment.",
    ),
    Rule(
        _all(_named("APIError", "ProviderSaid"), _unknown_status),
        "provider_error",
        "The provider broke off with an error.",
        _ASK_AGAIN,
    ),
    Rule(
        _status(400, 422),
        "parameter_refused",
        "{model} does not take the parameter {parameter} as it is set.",
        "Take {parameter} out of the profile's or the chat's parameters, or change it.",
        "parameters.{parameter}",
        values=_parameter,
    ),
    Rule(
        _status(400, 405, 409, 422),
        "provider_error",
        "The provider refused the request.",
        "The provider's own words are in the details.",
    ),
    Rule(
        lambda facts: facts.status is not None,
        "provider_error",
        "The provider answered with the status {status}.",
        "Check the address with its path; the provider's own words are in the details.",
        values=lambda facts: {"status": str(facts.status)},
    ),
)

OTHERWISE: Final = Rule(
    lambda facts: True, "provider_error", "{model} ended with an error.", "The details say what happened."
)


def rule_for(facts: ErrorFacts) -> tuple[Rule, dict[str, str]]:
    """Return the first rule that applies, and what it read from the provider's words."""
    for rule in RULES:
        if not rule.applies(facts):
            continue
        values = rule.values(facts)
        if values is not None:
            return rule, values
    return OTHERWISE, {}
