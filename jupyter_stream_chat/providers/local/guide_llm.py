"""The guide as LangChain calls it: the classifier chooses the answer, the engine's model says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from ...engine.messages import ChatMessage, Generate
from ...guide.classifier import load_classifier
from ...guide.topics import language_of, plan
from .engine_llm import EngineChatModel


class GuideChatModel(EngineChatModel):
    """The model of the guide's folder, told before its first word which of its answers is wanted."""

    def _request(
        self, request_id: str, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> Generate:
        request = super()._request(request_id, messages, stop, options)
        asked, begun = request.messages, ""
        if request.continue_final:
            *asked, stopped = asked
            begun = stopped["content"]
        questions = [message["content"] for message in asked if message["role"] == "user"]
        if not questions:
            return request
        topic = load_classifier(Path(self.model)).topic(questions)
        answer = ChatMessage(role="assistant", content=plan(topic, language_of(questions[-1])) + begun)
        return replace(request, messages=[*asked, answer], continue_final=True)
