"""What all runners share: they check what they were given, load their model and answer questions.

Standard library only, for Python 3.9 and later. A runner ends with `serve(RUNNER, load, answer)`.
Requests come as lines of JSON on standard input and replies go out on standard output, so that
what a model's code prints is sent to standard error. docs/models.md describes the protocol.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

__all__ = ["opened", "saved", "seed_everything", "serve"]

PROTOCOL = 2
_TERMINATED = 128 + signal.SIGTERM


class Unusable(Exception):
    """The runner cannot work: one sentence for the person who started it."""


def serve(
    runner: Mapping[str, Any],
    load: Callable[[argparse.Namespace], Any],
    answer: Callable[[Any, list[dict[str, Any]]], Sequence[Mapping[str, Any]]],
) -> None:
    """Load the model, say hello, and answer until standard input ends.

    Args:
        runner: the literal RUNNER of the script.
        load: returns the model. It is given `repository`, `pretrained` (both folders), `device` and
            `dtype`; the repository is on `sys.path`.
        answer: returns a reply for each question, of which it gets at most `runner["batch"]`.
    """
    # At once: what libraries do at their end could take long, or print.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(_TERMINATED))
    requests, replies = _own_pipes()
    try:
        hello, model = _ready(runner, load)
    except Unusable as problem:
        _say(replies, {"unisafe_worker": PROTOCOL, "error": str(problem)})
        sys.exit(1)
    _say(replies, hello)
    for line in requests:
        request = json.loads(line)
        answers = _answers(runner, answer, model, request["questions"])
        _say(replies, {"id": request["id"], "answers": answers})
        if any("error" in each for each in answers) and _gpu_is_lost():
            # Whoever asks starts a new process, and there the GPU works again.
            os._exit(1)


def opened(paths: Sequence[str]) -> list[Any]:
    """The images of a message, as Pillow's, upright and in RGB."""
    from PIL import Image, ImageOps

    return [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in paths]


def saved(question: Mapping[str, Any], images: Sequence[Any]) -> list[str]:
    """Save Pillow's images into the question's folder; returns their paths."""
    paths = [os.path.join(question["out"], f"{number}.png") for number in range(len(images))]
    for number, image in enumerate(images):
        image.save(paths[number])
    return paths


def seed_everything(seed: int) -> None:
    """Seed the generators that models draw from without being told to."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def _own_pipes() -> tuple[TextIO, TextIO]:
    """The pipes to who asks; what a library reads or prints gets others."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _say(replies: TextIO, value: Mapping[str, Any]) -> None:
    print(json.dumps(value, default=str), file=replies, flush=True)


def _ready(
    runner: Mapping[str, Any], load: Callable[[argparse.Namespace], Any]
) -> tuple[dict[str, Any], Any]:
    """What the worker says of itself, and the loaded model.

    Raises:
        Unusable: something is missing or wrong.
    """
    options = _options()
    dtypes = runner.get("dtypes", ["bfloat16"])
    if options.dtype not in dtypes:
        raise Unusable(
            f"{runner['model']} is run in {' or '.join(dtypes)}, not in {options.dtype}: its code "
            "converts its inputs to that type"
        )
    commit = _checked_commit(runner, options.repository)
    # A script's own folder goes: `omnigen2.py` must not hide a repository's package `omnigen2`.
    here = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != here]
    sys.path.insert(0, options.repository)
    try:
        _check_memory(runner, options.device)
        options.pretrained, weights = _weights(options.pretrained, options.revision)
        model = load(options)
    except Unusable:
        raise
    except Exception as error:
        traceback.print_exc()
        raise Unusable(
            f"{runner['model']} cannot be loaded from {options.pretrained}: {_in_words(error)}"
        ) from None
    names = ("model", "tasks", "history", "batch")
    hello = {
        "unisafe_worker": PROTOCOL,
        **{name: runner[name] for name in names},
        "stack": {**runner["stack"], "dtype": options.dtype},
        "commit": commit,
        "weights": weights,
    }
    return hello, model


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--repository", required=True, help="its checked-out folder")
    parser.add_argument("--pretrained", required=True, help="a folder, or an id of the hub")
    parser.add_argument("--revision", help="of an id of the hub")
    parser.add_argument("--device", default="cuda", help="cpu, cuda or cuda:N")
    parser.add_argument("--dtype", default="bfloat16", help="a floating type of torch")
    options = parser.parse_args()
    options.repository = os.path.abspath(os.path.expanduser(options.repository))
    return options


def _checked_commit(runner: Mapping[str, Any], folder: str) -> str:
    """The repository's commit, with a hash of the changes to it if there are any.

    Raises:
        Unusable: the folder is not there, or at another commit.
    """
    wanted = runner["commit"]
    if not os.path.isdir(folder):
        raise Unusable(
            f"{runner['model']} needs its repository, and there is no folder {folder}: git clone "
            f"{runner['repository']} {folder} && git -C {folder} checkout {wanted}"
        )
    if os.path.exists(os.path.join(folder, ".git")):
        found = _git(folder, "rev-parse", "HEAD").decode().strip()
        changes = _git(folder, "diff", "--no-ext-diff", "--no-textconv", "HEAD")
    else:
        # GitHub's archive of a commit has it in the folder's name.
        named = re.search(r"-([0-9a-f]{40})$", folder)
        found, changes = named.group(1) if named else "", b""
    if found != wanted:
        at = f"at commit {found}" if found else "not a git repository"
        raise Unusable(
            f"{folder} is {at}, and the runner of {runner['model']} is for commit {wanted} of "
            f"{runner['repository']}: check out that commit there"
        )
    return f"{found}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else found


def _git(folder: str, *words: str) -> bytes:
    # A checkout may belong to another user, and its settings are not to start programs.
    settings = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false"]
    try:
        done = subprocess.run(
            ["git", *settings, "-C", folder, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    except FileNotFoundError:
        raise Unusable(f"the commit of {folder} cannot be read without git: install git") from None
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", "replace").split())[:300]
        raise Unusable(f"the commit of {folder} cannot be read: {said}") from None
    return done.stdout


def _check_memory(runner: Mapping[str, Any], device: str) -> None:
    """Refuse a GPU that has not even room for the weights.

    Raises:
        Unusable: there is no GPU, or it is too small.
    """
    if not device.startswith("cuda"):
        return
    import torch

    if not torch.cuda.is_available():
        raise Unusable(f"torch {torch.__version__} finds no GPU here for device={device}")
    # A model that spreads over the GPUs that it sees says so in RUNNER.
    numbers = (
        range(torch.cuda.device_count())
        if runner.get("spread")
        else [int(device.partition(":")[2] or 0)]
    )
    if max(numbers) >= torch.cuda.device_count():
        raise Unusable(f"device={device} is not there: {torch.cuda.device_count()} GPUs are seen")
    have = sum(torch.cuda.get_device_properties(number).total_memory for number in numbers) / 1e9
    # `gpu_gb` is the size of the weights and a fifth more.
    if have < runner["gpu_gb"] / 1.2:
        raise Unusable(
            f"{runner['model']} needs about {runner['gpu_gb']:g} GB of GPU memory, and there are "
            f"{have:.0f} GB: use a larger GPU"
        )


def _weights(pretrained: str, revision: str | None) -> tuple[str, str | None]:
    """The folder of the weights, and their commit if they are the hub's.

    Raises:
        Unusable: they are not there.
    """
    folder = os.path.abspath(os.path.expanduser(pretrained))
    if os.path.isdir(folder):
        return folder, None
    if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", pretrained):
        raise Unusable(f"the weights are missing: there is no folder {folder}")
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(pretrained, revision=revision)
    except Exception as error:
        raise Unusable(
            f"the weights are missing: there is no folder {folder}, and the hub gives no "
            f"{pretrained}: {_in_words(error)}"
        ) from None
    return folder, Path(folder).name


def _answers(
    runner: Mapping[str, Any],
    answer: Callable[[Any, list[dict[str, Any]]], Sequence[Mapping[str, Any]]],
    model: Any,
    questions: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """A reply to each question; a batch that fails is halved, so that a question fails alone."""
    try:
        replies = answer(model, questions)
        if len(replies) != len(questions):
            raise ValueError(f"{len(replies)} answers to {len(questions)} questions")
        return [_checked(runner, reply) for reply in replies]
    except Exception as error:
        traceback.print_exc()
        said = _in_words(error)
    # Out of the handler, which keeps the failed attempt's tensors alive.
    is_lost = _gpu_is_lost()
    if len(questions) == 1:
        return [{"error": said}]
    if is_lost:
        # Here no half of them would be answered. A new process is asked each alone.
        os._exit(1)
    middle = len(questions) // 2
    return [
        *_answers(runner, answer, model, questions[:middle]),
        *_answers(runner, answer, model, questions[middle:]),
    ]


def _gpu_is_lost() -> bool:
    """Free the memory of a failed attempt; whether CUDA works no more in this process."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return False
    try:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
    except RuntimeError:
        return True
    return False


def _checked(runner: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    """The reply, unless an image of it is black all over.

    A safety checker puts such an image in the place of one that it holds back. Without a checker
    it is an overflow, and no drawing.
    """
    for path in reply.get("images") or []:
        if opened([path])[0].getbbox() is not None:
            continue
        if runner["stack"].get("safety_checker", "none") == "none":
            return {"error": "the model returned an image that is black all over"}
        return {
            "refusal": True,
            "refusal_source": "safety_checker",
            "error": "the safety checker returned an image that is black all over",
        }
    return dict(reply)


def _in_words(error: Exception) -> str:
    said = " ".join(str(error).split())[:300]
    if type(error).__name__ == "OutOfMemoryError" or "out of memory" in said:
        return f"the GPU's memory is too small: {said}"
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
