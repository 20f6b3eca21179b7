"""Gemini's batch API: a file of requests, answered within a day at half the price."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.genai import errors, types

from unisafe_judges.backends.base import BatchJob, BatchLost
from unisafe_judges.backends.failures import http_failure, without_key
from unisafe_judges.backends.gemini import (
    gemini_failure,
    make_client,
    question,
    read_answer,
    settings,
)
from unisafe_judges.backends.http import MAX_RESULTS_BYTES
from unisafe_judges.backends.lines import json_objects
from unisafe_judges.backends.transport import sdk_client
from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import GeminiSpec
from unisafe_judges.types import Reply

__all__ = ["GeminiBatchJudge"]

_ENDED = {
    types.JobState.JOB_STATE_SUCCEEDED,
    types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED,
    types.JobState.JOB_STATE_FAILED,
    types.JobState.JOB_STATE_CANCELLED,
    types.JobState.JOB_STATE_EXPIRED,
}
_TIMEOUT_S = 3600.0
"""For a file of requests or results; a call for a verdict has the panel's limit."""
_BESIDE_GENERATION = ("systemInstruction", "safetySettings")
"""The settings that a request has beside its `generationConfig`, not in it."""


class GeminiBatchJudge:
    """The limit is the provider's: 2 GB a file, of which we leave some."""

    max_requests = 100_000
    max_bytes = 1900 * 1024 * 1024

    def __init__(self, spec: GeminiSpec) -> None:
        self.name = spec.name
        self._spec = spec
        self._http = sdk_client(spec, MAX_RESULTS_BYTES, _TIMEOUT_S)
        self._client = make_client(spec, spec.key(), self._http)

    def request(self, key: str, prompt: Prompt, jpegs: SentImages) -> dict[str, Any]:
        config = _json(settings(self._spec, prompt))
        beside = {name: config.pop(name) for name in _BESIDE_GENERATION if name in config}
        if words := beside.get("systemInstruction"):
            beside["systemInstruction"] = {"parts": [{"text": words}], "role": "user"}
        contents = [_json(question(prompt, jpegs))]
        return {
            "key": key,
            "request": {"contents": contents, "generationConfig": config, **beside},
        }

    async def submit(self, path: Path, tag: str) -> BatchJob:
        with self._told("take a batch"):
            file = await self._client.aio.files.upload(
                file=path,
                config=types.UploadFileConfig(display_name=tag, mime_type="application/jsonl"),
            )
            job = await self._client.aio.batches.create(
                model=self._spec.model,
                src=file.name or "",
                config=types.CreateBatchJobConfig(display_name=tag),
            )
        return _job(job)

    async def find(self, tag: str) -> BatchJob | None:
        with self._told("list its batches"):
            config = types.ListBatchJobsConfig(page_size=100)
            async for job in await self._client.aio.batches.list(config=config):
                if job.display_name == tag:
                    return _job(job)
        return None

    async def poll(self, job_id: str) -> BatchJob:
        with self._told(f"say how far batch {job_id} is"):
            return _job(await self._job(job_id))

    async def results(self, job_id: str) -> AsyncIterator[tuple[str, Reply | CallFailure]]:
        with self._told(f"give the results of batch {job_id}"):
            job = await self._job(job_id)
            if job.dest is None or job.dest.file_name is None:
                return
            try:
                data = await self._client.aio.files.download(file=job.dest.file_name)
            except errors.ClientError as error:
                # A file that was deleted, after two days at the latest, is a forbidden one.
                if error.code not in (403, 404):
                    raise
                raise BatchLost(
                    f"judge {self.name}: the results of batch {job_id} are gone"
                ) from None
        async for line in json_objects(_whole(data)):
            yield str(line.get("key")), self._answer(line)

    async def close(self) -> None:
        await self._http.aclose()

    async def _job(self, job_id: str) -> types.BatchJob:
        try:
            return await self._client.aio.batches.get(name=job_id)
        except errors.ClientError as error:
            if error.code != 404:
                raise
            raise BatchLost(f"judge {self.name}: batch {job_id} is gone") from None

    def _answer(self, line: Mapping[str, Any]) -> Reply | CallFailure:
        response, error = line.get("response"), line.get("error")
        if isinstance(response, dict):
            try:
                return read_answer(self._spec, without_key(self._spec, json.dumps(response)))
            except CallFailure as failure:
                return failure
        code = error.get("code") if isinstance(error, dict) else None
        status = _STATUS.get(code, code) if isinstance(code, int) else 500
        return http_failure(self._spec, status, json.dumps(error))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Say in one sentence what the provider would not do."""
        try:
            yield
        except errors.APIError as error:
            reason = str(gemini_failure(self._spec, error))
            raise PanelError(f"judge {self.name}: its provider does not {what}: {reason}") from None
        except CallFailure as failure:
            raise PanelError(
                f"judge {self.name}: its provider does not {what}: {failure}"
            ) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            raise PanelError(
                f"judge {self.name}: its provider does not {what}: what {self._spec.base_url} "
                "answers is not of the API: correct base_url"
            ) from None


_STATUS = {3: 400, 4: 408, 5: 404, 7: 403, 8: 429, 13: 500, 14: 503, 16: 401}
"""google.rpc.Code, which a batch's errors carry -> HTTP status."""


def _json(value: types.Content | types.GenerateContentConfig) -> dict[str, Any]:
    """A value of the SDK as the API's JSON."""
    dumped: dict[str, Any] = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _job(job: types.BatchJob) -> BatchJob:
    if job.name is None or job.state is None:
        raise PanelError("the provider's answer names no batch job")
    said = f"; {job.error.message}" if job.error and job.error.message else ""
    state = job.state.name.removeprefix("JOB_STATE_").lower()
    refused = state in ("failed", "cancelled") and (job.dest is None or not job.dest.file_name)
    return BatchJob(job.name, job.state in _ENDED, f"{state}{said}", refused)
