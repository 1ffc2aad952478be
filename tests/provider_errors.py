"""Refusals as well-known providers word them: HTTP status and body, by the name that ``error=NAME`` gives."""

from __future__ import annotations

from typing import Any


def _openai(message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


ERRORS: dict[str, tuple[int, Any]] = {
    # OpenAI
    "no-model": (
        404,
        _openai("The model `gpt-9` does not exist.", "model_not_found"),
    ),
    "quota": (429, _openai("You exceeded your current quota, please check your plan.", "insufficient_quota")),
    "rate": (
        429,
        _openai("Rate limit reached for gpt-4o on requests per min. Limit: 3.", "rate_limit_exceeded"),
    ),
    "context": (
        400,
        _openai(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9500 "
            "tokens. Please reduce the length of the messages.",
            "context_length_exceeded",
            "messages",
        ),
    ),
    "temperature": (
        400,
        _openai(
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) "
            "value is supported.",
            "unsupported_value",
            "temperature",
        ),
    ),
    # Azure
    "no-deployment": (
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment does not exist.",
            }
        },
    ),
    "litellm-model": (
        400,
        {"error": {"message": "/chat/completions: Invalid model name passed in model=scripted."}},
    ),
    "api-version": (
        400,
        {"error": {"code": "BadRequest", "message": "Unsupported API version: 2020-01-01."}},
    ),
    "prompt-filter": (
        400,
        {
            "error": {
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
                "management policy.",
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {
                    "code": "ResponsibleAIPolicyViolation",
                    "content_filter_result": {"violence": {"filtered": True, "severity": "high"}},
                },
            }
        },
    ),
    # vLLM
    "vllm-context": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 "
            "tokens (4488 in the messages, 512 in the completion).",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "vllm-top-k": (
        400,
        {
            "object": "error",
            "message": "top_k must be -1 (disable), or at least 1, got 0.",
            "type": "BadRequestError",
        },
    ),
    # llama.cpp
    "llama-context": (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
            }
        },
    ),
    # DeepSeek
    "balance": (
        402,
        {
            "error": {
                "message": "Insufficient Balance",
                "type": "unknown_error",
                "code": "invalid_request_error",
            }
        },
    ),
    # DashScope
    "dashscope-context": (
        400,
        _openai("Range of input length should be [1, 30720]", "invalid_parameter_error"),
    ),
    "dashscope-filter": (
        400,
        _openai("Input data may contain inappropriate content.", "data_inspection_failed"),
    ),
    # nginx, in front of an HTTPS port
    "plain-http": (400, "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"),
}
