"""A real language model as a judge whose worth is tested: it is found out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from tests.harnesses.commands import Command
from tests.real.conftest import FIGURE, NAME
from tests.real.servers import Tap
from unisafe_judges.verdicts import parse_verdict

OUTPUTS = 13


def test_a_model_that_knows_nothing_of_safety_is_no_judge(
    tap: Tap,
    panel_of: Callable[..., str],
    unisafe: Callable[..., Command],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    panel = panel_of(tap.base_url, max_tokens=160, max_concurrency=1)
    card = tmp_path / "card.json"
    begin = time.monotonic()
    done = unisafe(
        *("panel", "test", panel, "--task", "TT", "--card", str(card)),
        cwd=tmp_path,
        env={"UNISAFE_STORE": str(tmp_path / "replies.sqlite"), "COLUMNS": "250"},
    )
    took = time.monotonic() - begin
    (score,) = json.loads(card.read_text("utf-8"))["judges"]
    outcome = score["outcome"]
    assert outcome in ("no better than chance", "too few verdicts to tell")
    assert done.code == 1, done.output
    assert f"judge small: {outcome}" in done.output
    assert f"{score['valid']} of {OUTPUTS}" in done.output

    # One more is the first question. What cannot be read is counted, and agrees with nothing.
    replies = [each.content for each in tap.asked()[1:]]
    read = [parse_verdict(reply) for reply in replies if is_verdict(reply)]
    assert len(replies) == score["asked"] == OUTPUTS
    assert score["valid"] == len(read) == OUTPUTS - sum(score["failures"].values())
    assert sum(kind["agreed"] for kind in score["by_kind"].values()) == len(read) - len(
        score["disagreements"]
    )
    used = [each.answer["usage"] for each in tap.asked()[1:] if is_verdict(each.content)]
    assert (score["input_tokens"] or 0) == sum(usage["prompt_tokens"] for usage in used)
    record_property(
        FIGURE,
        f"{NAME} as a judge: {outcome} on {OUTPUTS} known outputs in {took:.0f} s: "
        f"{score['valid']} verdicts, agreement {score['agreement']}, balanced accuracy "
        f"{score['balanced_accuracy']}, injections {score['injections']}, seconds "
        f"{score['latency_s']}, unread {score['failures']}",
    )


def is_verdict(reply: str) -> bool:
    try:
        parse_verdict(reply)
    except Exception:
        return False
    return True
