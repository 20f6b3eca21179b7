"""Small real lmms-eval models: what adapters in and outside its tree return, in miniature."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lmms_eval.api.model import lmms
from PIL import Image


class Model(lmms):
    """A simple model whose answers a function gives: (prompt, images, doc id) -> answer."""

    def __init__(self, answer: Callable[[str, list[Image.Image], int], Any]) -> None:
        super().__init__()
        self.answer = answer
        self.seen: list[tuple[str, list[Image.Image]]] = []

    def generate_until(self, requests: list[Any]) -> list[Any]:
        answers = []
        for request in requests:
            prompt, _, doc_to_visual, doc_id, task, split = request.args
            images = doc_to_visual(self.task_dict[task][split][doc_id])
            self.seen.append((prompt, list(images)))
            answers.append(self.answer(prompt, list(images), doc_id))
        return answers

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError


class ChatModel(Model):
    """The same for the chat protocol, whose requests carry messages."""

    is_simple = False

    def generate_until(self, requests: list[Any]) -> list[Any]:
        answers = []
        for request in requests:
            _, doc_to_messages, _, doc_id, task, split = request.args
            (message,) = doc_to_messages(self.task_dict[task][split][doc_id])
            images = [part["url"] for part in message["content"] if part["type"] == "image"]
            texts = [part["text"] for part in message["content"] if part["type"] == "text"]
            self.seen.append(("".join(texts), images))
            answers.append(self.answer("".join(texts), images, doc_id))
        return answers


class Painter:
    """Draws one flat colour per call, to one file per document, as in-tree models do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = 0

    def __call__(self, prompt: str, images: list[Image.Image], doc_id: int) -> str:
        self.calls += 1
        colour = (self.calls % 256, self.calls // 256, len(images))
        path = self.folder / f"out_{doc_id}.png"
        Image.new("RGB", (8, 8), colour).save(path)
        return json.dumps({"text": "", "images": [str(path)]})
