"""Uploading results to a data set repository of the hub: only on request, only where not everybody
reads them, and without the model's outputs unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.jsonl import encode_row, read_rows
from unisafe_tasks.publishing import every_eval_ever
from unisafe_tasks.publishing.publishable import (
    PublishedRun,
    merge_files,
    require_clean,
    slug_of_run,
)
from unisafe_tasks.redaction import redact, redact_known
from unisafe_tasks.runs import PREDICTIONS, VERDICTS, encode_json

__all__ = ["OUTPUTS_WARNING", "Upload", "plan", "push"]

OUTPUTS_WARNING = (
    "--with-outputs uploads what the model wrote and drew and what the judges wrote about it. It "
    "can be harmful, and it can quote the gated cases: the terms of the data set hold for it."
)

_IMAGES = (".png", ".jpg", ".webp", ".gif")
_WORDS = ("output_text", "reasoning", "raw_response")
"""What models wrote, in which "the key: patience" is no credential."""


@dataclass(frozen=True)
class Upload:
    """A file to be uploaded: its path in the repository, and its bytes or where they are."""

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """In bytes."""
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size


def plan(runs: Sequence[PublishedRun], repo: str, *, with_outputs: bool) -> list[Upload]:
    """What a push uploads, sorted by path: of each run run.json, metrics.json (as the stored
    verdicts give it) and its every_eval_ever record; with outputs everything else of it, too.

    Raises:
        PublishingError: something in it looks like a credential, an output is no plain file, or two
            runs have one name.
    """
    attribution = every_eval_ever.Attribution(organization=repo.partition("/")[0])
    slugs = [slug_of_run(run) for run in runs]
    if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        raise PublishingError(f"two run folders are named {twice[0]}: push them one by one")
    groups = [
        {
            f"runs/{slug}/run.json": _read(run.folder / "run.json"),
            f"runs/{slug}/metrics.json": encode_json(run.metrics),
            **every_eval_ever.files(run, attribution),
        }
        for slug, run in zip(slugs, runs, strict=True)
    ]
    files = merge_files(groups)
    for path, data in files.items():
        require_clean(data.decode("utf-8", "replace"), path)
    uploads = [Upload(path, data) for path, data in files.items()]
    if with_outputs:
        for slug, run in zip(slugs, runs, strict=True):
            uploads.extend(_outputs(run.folder, f"runs/{slug}"))
    return sorted(uploads, key=lambda upload: upload.path)


def push(uploads: Sequence[Upload], repo: str, *, with_outputs: bool) -> str:
    """Upload in one commit, after a look at whether the repository may have it; returns its URL.

    Raises:
        PublishingError: there is no such data set repository, it is public (or, for outputs, not
            private), the hub refused or failed, or not everything arrived.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(library_name="unisafe-tasks")
    operations = [CommitOperationAdd(upload.path, upload.content) for upload in uploads]
    try:
        _require_closed(api.repo_info(repo, repo_type="dataset"), repo, with_outputs)
        done = api.create_commit(
            repo, operations, commit_message="Add UniSAFE results", repo_type="dataset"
        )
        there = set(api.list_repo_files(repo, repo_type="dataset", revision=done.oid))
    except PublishingError:
        raise
    except Exception as error:  # also what the client's HTTP library raises
        raise PublishingError(_sentence(repo, error)) from None
    if missing := [upload.path for upload in uploads if upload.path not in there]:
        raise PublishingError(
            f"{len(missing)} of {len(uploads)} files did not arrive in {repo}, {missing[0]} first: "
            "look at the repository's .gitignore"
        )
    return str(done.commit_url)


def _require_closed(info: Any, repo: str, with_outputs: bool) -> None:
    """Unknown is not closed: only what the hub says is private or gated counts as such."""
    if info.private is True or (info.gated in ("auto", "manual") and not with_outputs):
        return
    if with_outputs:
        raise PublishingError(
            f"{repo} is not private, and model outputs are pushed to a private repository only: "
            "make it private in its settings, or push without --with-outputs"
        )
    raise PublishingError(
        f"{repo} is public: make it private or gated in its settings, or name another repository"
    )


def _sentence(repo: str, error: Exception) -> str:
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, HFValidationError):
        return f"{repo!r} is no name of a repository: expected ORG/NAME"
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"there is no data set repository {repo} that the account of HF_TOKEN can write to: "
            "make it on the hub, private or gated, or set HF_TOKEN to a token that has access"
        )
    if status == 401:
        return (
            f"the hub answers 401: it does not know HF_TOKEN, or {repo} is not there for it; "
            "use one that may write to the repository"
        )
    if status == 403:
        return f"the account of HF_TOKEN may not write to {repo}: use one with write access"
    reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return f"nothing is known to have arrived in {repo}, the hub failed: {redact(reason)[:200]}"


def _outputs(folder: Path, target: str) -> list[Upload]:
    rows = [
        path
        for name in (PREDICTIONS, VERDICTS)
        for pattern in (f"{name}.jsonl", f"{name}.rank*.jsonl")
        for path in folder.glob(pattern)
    ]
    images = [path for path in (folder / "images").glob("*") if path.suffix in _IMAGES]
    for path in (folder / "images", *rows, *images):
        # A link could point at anything on this machine.
        if path.is_symlink():
            raise PublishingError(f"{path} is a link, not a file of the run: nothing was uploaded")
    for path in rows:
        _require_clean_rows(path)
    return [
        Upload(f"{target}/{path.relative_to(folder).as_posix()}", path) for path in (*rows, *images)
    ]


def _require_clean_rows(path: Path) -> None:
    for number, row in read_rows(path, PublishingError):
        where = f"{path}, line {number}"
        facts = {name: value for name, value in row.items() if name not in _WORDS}
        require_clean(encode_row(facts).decode("utf-8", "replace"), where)
        for name in _WORDS:
            require_clean(str(row.get(name)), f"{where}, {name}", redact_known)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PublishingError(f"{path} cannot be read: {error.strerror}") from None
