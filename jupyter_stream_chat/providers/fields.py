"""Fields that the profiles of several providers have."""

from __future__ import annotations

from .profiles import validators
from .provider import Field

MODEL = Field(
    "model",
    kind="model",
    hint='Name the model, for example "gpt-4o-mini" or "Qwen/Qwen2.5-0.5B-Instruct".',
)
BASE_URL = Field(
    "base_url",
    kind="url",
    example="https://api.openai.com/v1",
    hint='Give the whole address, for example "http://localhost:8000/v1".',
    check=validators.base_url,
)
KEY = Field("api_key", kind="key", check=validators.api_key)
KEY_VARIABLE = Field("api_key_env", kind="variable", example="MY_API_KEY")
