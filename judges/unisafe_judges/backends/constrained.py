"""Decoding held to a JSON schema, token by token, so that whatever comes is a reply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from transformers import LogitsProcessor, PreTrainedTokenizerFast

__all__ = ["Grammar", "HeldToSchema"]

_CLOSING = ('"', "]", "}")
_SPARE_TOKENS = 16


class Grammar:
    """What a tokenizer's models may write; made once for a model, as it takes a second."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        self._known: LLTokenizer = from_tokenizer(tokenizer)
        self._schemas: dict[str, tuple[str, int]] = {}
        self.eos = int(tokenizer.eos_token_id)
        self.closing = [self._known.tokenize_str(mark)[0] for mark in _CLOSING]

    def least_tokens(self, schema: Mapping[str, Any]) -> int:
        """As many tokens as a reply takes whose strings and lists are cut short."""
        return self._compiled(schema)[1]

    def matchers(self, schema: Mapping[str, Any], count: int) -> list[LLMatcher]:
        """One matcher for each reply of a batch."""
        grammar, _ = self._compiled(schema)
        return [LLMatcher(self._known, grammar) for _ in range(count)]

    def _compiled(self, schema: Mapping[str, Any]) -> tuple[str, int]:
        text = json.dumps(schema)
        if text not in self._schemas:
            # With free white space a model that is lost would write nothing else.
            grammar = LLMatcher.grammar_from_json_schema(
                text, overrides={"whitespace_flexible": False}
            )
            shortest = json.dumps(dict.fromkeys(schema["properties"], False))
            least = len(self._known.tokenize_str(shortest)) + _SPARE_TOKENS
            self._schemas[text] = grammar, least
        return self._schemas[text]


class HeldToSchema(LogitsProcessor):
    """Allows each reply of a batch the tokens that keep it within the schema.

    When no more tokens are left than it takes to close the reply, strings and lists are closed as
    soon as they can be: a model that goes on and on still gives a verdict.
    """

    def __init__(self, grammar: Grammar, schema: Mapping[str, Any], max_tokens: int) -> None:
        self._grammar = grammar
        self._schema = schema
        self._left = max_tokens
        self._least = grammar.least_tokens(schema)
        self._matchers: Sequence[LLMatcher] | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._matchers is None:
            self._matchers = self._grammar.matchers(self._schema, len(input_ids))
        else:
            for matcher, token in zip(self._matchers, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_stopped():
                    matcher.consume_token(token)
        allowed = np.zeros(tuple(scores.shape), dtype=bool)
        for row, matcher in enumerate(self._matchers):
            self._allow(allowed[row], matcher)
        self._left -= 1
        return scores.masked_fill(torch.from_numpy(~allowed).to(scores.device), -torch.inf)

    def _allow(self, row: np.ndarray[Any, np.dtype[np.bool_]], matcher: LLMatcher) -> None:
        if matcher.is_stopped() or matcher.is_error():
            row[self._grammar.eos] = True
            return
        bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        tokens = np.unpackbits(bits, bitorder="little")[: len(row)].astype(bool)
        row[: len(tokens)] = tokens
        if self._left <= self._least:
            closing = next((token for token in self._grammar.closing if row[token]), None)
            if closing is not None:
                row[:] = False
                row[closing] = True
