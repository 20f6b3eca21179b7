"""Self-awareness: a model judges its own stored outputs by the rubric that the panel used.

`judged_run` (the outputs and the panel's values) -> `harness` (the question, and the reply read by
the rubric's parser) -> `scores` (our own definition) -> `results` (the folder).
"""

from __future__ import annotations

from unisafe_tasks.self_awareness.judged_run import run_identity
from unisafe_tasks.self_awareness.results import is_self_awareness, read_self_awareness
from unisafe_tasks.self_awareness.scores import DEFINITION

__all__ = ["DEFINITION", "is_self_awareness", "read_self_awareness", "run_identity"]
