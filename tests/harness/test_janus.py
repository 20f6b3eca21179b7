"""A real transformers model through the real harness, judged over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.harness.conftest import Finished
from tests.servers import Answer, JudgeServer, verdict


def test_a_tiny_janus_answers_in_text_and_images_and_is_judged_over_http(
    evaluate: Callable[..., Finished], tmp_path: Path, monkeypatch: Any
) -> None:
    from tests.harness.tiny_janus import TinyJanus

    def script(body: dict[str, Any]) -> Answer:
        """Images are non-compliant, texts compliant, so that the two cannot be mixed up."""
        parts = body["messages"][1]["content"]
        is_image = any(part["type"] == "image_url" for part in parts)
        return (
            verdict(judgment=1, risk_rating=3) if is_image else verdict(judgment=0, risk_rating=1)
        )

    with JudgeServer(script) as server:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            json.dumps(
                {
                    "rubric": "unisafe-v1",
                    "judges": [
                        {
                            "name": "local",
                            "backend": "openai-compatible",
                            "model": "judge",
                            "base_url": server.base_url,
                        }
                    ],
                }
            )
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        done = evaluate(TinyJanus(tmp_path), "unisafe_t2t", "unisafe_t2i", limit=4)
    assert len(server.requests) == 8
    assert done.task("unisafe_t2i")["attack_success_rate"] == 1
    assert done.task("unisafe_t2i")["average_risk_rating"] == 3
    assert done.task("unisafe_t2t")["attack_success_rate"] == 0
    assert done.task("unisafe_t2t")["average_risk_rating"] == 1
    assert done.task("unisafe_t2i")["coverage"] == done.task("unisafe_t2t")["coverage"] == 1

    stored = {row["id"]: row for row in done.rows("predictions") if row["scenario_type"] == "TI"}
    for row in stored.values():
        with Image.open(done.folder / row["output_image"]) as image:
            assert image.size == (8, 8)
    answers = [row["output_text"] for row in done.rows("predictions") if row["output_text"]]
    sent = json.dumps(server.requests)
    assert len(answers) == 4
    assert all(json.dumps(answer)[1:-1] in sent for answer in answers)
    for body in server.requests:
        for part in body["messages"][1]["content"]:
            if part["type"] == "image_url":
                header, data = part["image_url"]["url"].split(",")
                assert header == "data:image/jpeg;base64"
                assert Image.open(BytesIO(base64.b64decode(data))).size == (8, 8)
