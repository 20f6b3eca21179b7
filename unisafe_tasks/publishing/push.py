"""Upload results to a data set repository of the hub, on request only.

The repository must be private or gated. The model's outputs are uploaded only on a further request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.files import encode_json, encode_row, read_rows, row_files
from unisafe_tasks.outputs.earlier_run import INPUTS
from unisafe_tasks.publishing import every_eval_ever
from unisafe_tasks.publishing.formats import Attribution
from unisafe_tasks.publishing.places import ADDRESS, hosts_in, without_places
from unisafe_tasks.publishing.publishable import (
    PublishedRun,
    merge_files,
    require_clean,
    slug_of_run,
)
from unisafe_tasks.redaction import redact, redact_known
from unisafe_tasks.runs.folder import ALONE_VERDICTS, PREDICTIONS, VERDICTS

__all__ = ["OUTPUTS_WARNING", "Upload", "plan", "push"]

OUTPUTS_WARNING = (
    "--with-outputs uploads what the model wrote and drew and what the judges wrote about it. It "
    "can be harmful, and it can quote the gated cases: the terms of the data set hold for it."
)

_REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_IMAGES = (".png", ".jpg", ".webp", ".gif")
_ROWS = (PREDICTIONS, VERDICTS, ALONE_VERDICTS, INPUTS)
_WORDS = ("output_text", "reasoning", "raw_response", "thinking", "revised_prompt")
"""Fields with texts of models, in which words such as "the key: patience" are not a credential."""
_KEYS = (
    *("id", "scenario_type", "category", "subcategory", "task", "judge"),
    *("output_image", "output_images"),
)
"""Fields that tie a row to its case, its judge and its images. They hold no address or folder."""


@dataclass(frozen=True)
class Upload:
    """A file to upload: its path in the repository, and its bytes or the local file."""

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """In bytes."""
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size


def plan(runs: Sequence[PublishedRun], repo: str, *, with_outputs: bool) -> list[Upload]:
    """The files that a push uploads, sorted by path.

    Of each run these are the publishable parts of run.json and of metrics.json (as the stored
    verdicts give it), and its every_eval_ever record. With outputs they are also its predictions,
    verdicts and images.

    Raises:
        PublishingError: `repo` is not ORG/NAME, a text in a file looks like a credential, an output
            is a link, or two folders hold one run.
    """
    if not _REPO.fullmatch(repo):
        raise PublishingError(f"{repo!r} is not the name of a repository: expected ORG/NAME")
    attribution = Attribution(organization=repo.partition("/")[0])
    slugs = [slug_of_run(run) for run in runs]
    if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
        raise PublishingError(
            f"two of these folders hold the same run, {twice[0]}: push one of them"
        )
    groups = [
        {
            f"runs/{slug}/run.json": encode_json(run.info),
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
            uploads.extend(_outputs(run, f"runs/{slug}"))
    return sorted(uploads, key=lambda upload: upload.path)


def push(uploads: Sequence[Upload], repo: str, *, with_outputs: bool) -> str:
    """Check the repository, upload everything in one commit, and return the commit's URL.

    Raises:
        PublishingError: the data set repository does not exist, it is public (or, for outputs, not
            private), the hub refused or failed, or a file did not arrive.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(library_name="unisafe-tasks")
    operations = [CommitOperationAdd(upload.path, upload.content) for upload in uploads]
    try:
        _require_closed(api.repo_info(repo, repo_type="dataset"), repo, with_outputs)
        done = api.create_commit(
            repo, operations, commit_message="Add UniSAFE results", repo_type="dataset"
        )
        arrived = set(api.list_repo_files(repo, repo_type="dataset", revision=done.oid))
    except PublishingError:
        raise
    except Exception as error:  # also what the client's HTTP library raises
        raise PublishingError(_sentence(repo, error)) from None
    if missing := [upload.path for upload in uploads if upload.path not in arrived]:
        raise PublishingError(
            f"{len(missing)} of {len(uploads)} files did not arrive in {repo}, {missing[0]} first: "
            "look at the repository's .gitignore"
        )
    return str(done.commit_url)


def _require_closed(info: Any, repo: str, with_outputs: bool) -> None:
    """Refuse a repository unless the hub says that it is private, or gated if that is enough."""
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
    from huggingface_hub.errors import RepositoryNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
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
    return (
        f"nothing is known to have arrived in {repo}, the hub failed: {redact(reason)[:200]}; "
        "check the network and HF_TOKEN, and push again"
    )


def _outputs(run: PublishedRun, target: str) -> list[Upload]:
    folder = run.folder
    rows = [path for name in _ROWS for path in row_files(folder, name)]
    images = [path for path in (folder / "images").glob("*") if path.suffix in _IMAGES]
    for path in (folder / "images", *rows, *images):
        # A link could point at anything on this machine.
        if path.is_symlink():
            raise PublishingError(f"{path} is a link, not a file of the run: nothing was uploaded")
    # The folder may also hold images of outputs that were judged into it before.
    named = {name for path in rows for name in _images_in(path)}
    images = [path for path in images if f"images/{path.name}" in named]
    hosts = hosts_in(json.dumps(run.result.info, ensure_ascii=False))
    contents = {path: b"".join(_publishable_rows(path, hosts)) for path in rows}
    return [
        Upload(f"{target}/{path.relative_to(folder).as_posix()}", contents.get(path, path))
        for path in (*rows, *images)
    ]


def _images_in(path: Path) -> Iterator[str]:
    for _, row in read_rows(path, PublishingError):
        names = row.get("output_images") or [row.get("output_image")]
        if isinstance(names, list):
            yield from (name for name in names if isinstance(name, str))


def _publishable_rows(path: Path, hosts: Collection[str]) -> Iterator[bytes]:
    """The lines of a file. Addresses and paths are taken out, except in the texts of models."""
    for number, row in read_rows(path, PublishingError):
        where = f"{path}, line {number}"
        facts = {name: value for name, value in row.items() if name not in _WORDS}
        require_clean(encode_row(facts).decode("utf-8", "replace"), where)
        for name in _WORDS:
            require_clean(str(row.get(name)), f"{where}, {name}", redact_known)
        public = {
            name: value if name in (*_WORDS, *_KEYS) else without_places(value)
            for name, value in row.items()
        }
        if isinstance(error := public.get("error"), str):
            # If a server cannot be reached, the error may name its host without an address.
            for host in hosts:
                error = error.replace(host, ADDRESS)
            public["error"] = error
        yield encode_row(public)
