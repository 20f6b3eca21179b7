"""OpenAI's batch API: a file of requests, answered within a day at half the price."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
import openai
from openai.types import Batch

from unisafe_judges.backends.base import BatchJob, BatchLost
from unisafe_judges.backends.failures import http_failure, without_key
from unisafe_judges.backends.http import MAX_RESULTS_BYTES
from unisafe_judges.backends.lines import json_objects
from unisafe_judges.backends.openai import (
    endpoint,
    make_client,
    read_reply,
    reason_of,
    request_body,
)
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import OpenAISpec
from unisafe_judges.types import FailureKind, Reply

__all__ = ["OpenAIBatchJudge"]

_ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
_TAG = "unisafe_tag"
_TIMEOUT_S = 3600.0
"""For a file of requests or results; a call for a verdict has the panel's limit."""


class OpenAIBatchJudge:
    """The limits are the provider's: 50,000 requests, and 200 MB, of which we leave some."""

    max_requests = 50_000
    max_bytes = 190 * 1024 * 1024

    def __init__(self, spec: OpenAISpec) -> None:
        self.name = spec.name
        self._spec = spec
        self._client = make_client(spec, spec.key(), MAX_RESULTS_BYTES, _TIMEOUT_S)

    def request(self, key: str, prompt: Prompt, jpegs: SentImages) -> dict[str, Any]:
        return {
            "custom_id": key,
            "method": "POST",
            "url": self._endpoint(),
            "body": request_body(self._spec, prompt),
        }

    async def submit(self, path: Path, tag: str) -> BatchJob:
        with self._told("take a batch"):
            file = await self._client.files.create(file=path, purpose="batch")
            batch = await self._client.batches.create(
                input_file_id=file.id,
                endpoint=self._endpoint(),
                completion_window="24h",
                metadata={_TAG: tag},
            )
        return _job(batch)

    async def find(self, tag: str) -> BatchJob | None:
        with self._told("list its batches"):
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(_TAG) == tag:
                    return _job(batch)
        return None

    async def poll(self, job_id: str) -> BatchJob:
        with self._told(f"say how far batch {job_id} is"):
            try:
                return _job(await self._client.batches.retrieve(job_id))
            except openai.NotFoundError:
                raise BatchLost(f"judge {self.name}: batch {job_id} is gone") from None

    async def results(self, job_id: str) -> AsyncIterator[tuple[str, Reply | CallFailure]]:
        with self._told(f"give the results of batch {job_id}"):
            batch = await self._client.batches.retrieve(job_id)
            for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                try:
                    content = self._client.files.with_streaming_response.content(file_id)
                    async with content as response:
                        async for line in json_objects(response.iter_bytes()):
                            yield str(line.get("custom_id")), self._answer(line)
                except openai.NotFoundError:
                    raise BatchLost(
                        f"judge {self.name}: the results of batch {job_id} are gone"
                    ) from None

    async def close(self) -> None:
        await self._client.close()

    def _endpoint(self) -> Literal["/v1/responses", "/v1/chat/completions"]:
        return "/v1/responses" if endpoint(self._spec) == "/responses" else "/v1/chat/completions"

    def _answer(self, line: Mapping[str, Any]) -> Reply | CallFailure:
        response, error = line.get("response"), line.get("error")
        text = without_key(self._spec, json.dumps(line, ensure_ascii=False))
        if not isinstance(response, dict) or not isinstance(response.get("status_code"), int):
            said = error.get("message") if isinstance(error, dict) else None
            detail = f"the batch has no answer to it: {said or 'no reason given'}"
            return CallFailure(FailureKind.SERVER_ERROR, detail, raw=text)
        body = without_key(self._spec, json.dumps(response.get("body"), ensure_ascii=False))
        if response["status_code"] != 200:
            return http_failure(self._spec, response["status_code"], body)
        try:
            return read_reply(self._spec, body)
        except CallFailure as failure:
            return failure

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Say in one sentence what the provider would not do."""
        try:
            yield
        except openai.APIStatusError as error:
            failure = http_failure(self._spec, error.status_code, error.response.text)
            raise PanelError(_sentence(self.name, what, str(failure))) from None
        except CallFailure as failure:
            raise PanelError(_sentence(self.name, what, str(failure))) from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise PanelError(_sentence(self.name, what, reason_of(error))) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            reason = f"what {self._spec.base_url} answers is not of the API: correct base_url"
            raise PanelError(_sentence(self.name, what, reason)) from None


def _sentence(name: str, what: str, reason: str) -> str:
    return f"judge {name}: its provider does not {what}: {reason}"


def _job(batch: Batch) -> BatchJob:
    counts = batch.request_counts
    done = f", {counts.completed} of {counts.total} answered" if counts else ""
    reasons = (batch.errors.data if batch.errors else None) or ()
    said = "".join(f"; {error.message}" for error in reasons[:1] if error.message)
    refused = batch.status in ("failed", "cancelled") and batch.output_file_id is None
    return BatchJob(batch.id, batch.status in _ENDED, f"{batch.status}{done}{said}", refused)
