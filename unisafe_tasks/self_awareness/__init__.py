"""Self-awareness: a model judges its own stored outputs by the rubric that the panel used.

`judged_run` holds the outputs and the panel's values, `scores` our own definition, `results` the
folder. The question and the reading of the reply are in `harnesses.self_awareness`.
"""

from __future__ import annotations

from unisafe_tasks.self_awareness.results import (
    is_self_awareness,
    read_self_awareness,
    run_identity,
)
from unisafe_tasks.self_awareness.scores import DEFINITION

__all__ = ["DEFINITION", "is_self_awareness", "read_self_awareness", "run_identity"]
