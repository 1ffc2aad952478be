"""The guide's tokenizer: byte-level BPE learned from the topics, and a token for each topic and language.

Chinese characters are kept apart, so that each is a token of its own or falls back to bytes. The tokens of
topics and languages are special: they name the answer that follows them, and decoding leaves them out.
Addresses of the documentation are a token each, so that none of them has to be spelt.
"""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from .noise import dirty
from .topics import LANGUAGES, PAGES, Topic

USER, ASSISTANT, END, PAD = "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
_VOCABULARY_SIZE = 6000
_HAN = r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]"


def build_tokenizer(topics: Sequence[Topic], rng: random.Random) -> PreTrainedTokenizerFast:
    """Learn a vocabulary from the answers and from questions drawn from the topics."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_HAN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    plans = [f"<|{name}|>" for name in (*LANGUAGES, *(topic.id for topic in topics))]
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY_SIZE,
        special_tokens=[PAD, USER, ASSISTANT, END, *plans],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(_corpus(topics, rng), trainer)
    links = dict.fromkeys(f"{PAGES}{topic.docs[0]}" for topic in topics if topic.docs)
    bpe.add_tokens([AddedToken(link, normalized=False) for link in links])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        additional_special_tokens=[USER, ASSISTANT, *plans],
    )
    tokenizer.chat_template = (Path(__file__).parent / "chat_template.jinja").read_text("utf-8")
    return tokenizer


def _corpus(topics: Sequence[Topic], rng: random.Random) -> Iterator[str]:
    for topic in topics:
        for language in LANGUAGES:
            yield from [re.sub(rf"{re.escape(PAGES)}[^)]*", "", topic.answers[language])] * 20
            for _ in range(6000 if topic.id == "off-topic" else 400):
                question = topic.questions[language].draw(rng).lower()
                yield question
                yield dirty(question, rng).lower()
