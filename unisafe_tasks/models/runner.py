"""A runner for `--model umm_worker`: copy it, and fill in two functions.

lmms-eval --model umm_worker --model_args command="conda run -n showo python runner.py" ...
It runs in your model's environment and needs nothing but the standard library. What your model
prints goes to standard error.
"""

import json
import os
import sys
import traceback
from typing import Any

MODEL = "my-model"  # recorded with every answer
TASKS = ["TI", "IE", "IC", "MT", "TT", "IT", "MU"]  # those that the model can do
HISTORY = "full"  # "last" for an editor that is shown its last image alone in a four-turn case
BATCH = 1  # how many questions answer() takes at once
STACK = {  # what stands between a request and the model, and the decoding; recorded with the run
    "negative_prompt": "none",
    "safety_checker": "none",
    "prompt_rewriter": "none",
    "system_prompt": "none",
}


def load() -> Any:
    """Load the model, once."""
    return


def answer(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a dict for each: "text", "images" (paths under its "out"), or "refusal": True.

    A question: "task", "turn", "messages" (each "role", "text", "images"), "seed", "out" (a
    folder). Those of one batch have the same task and turn, and as many images.
    """
    raise NotImplementedError("fill in answer()")


def main() -> None:
    # Replies have a pipe of their own, so that nothing a library prints can get between them.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model = load()
    hello = {
        "unisafe_worker": 2,
        "model": MODEL,
        "tasks": TASKS,
        "history": HISTORY,
        "batch": BATCH,
        "stack": STACK,
    }
    print(json.dumps(hello), file=pipe, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answers = answers_to(model, request["questions"])
        print(json.dumps({"id": request["id"], "answers": answers}), file=pipe, flush=True)


def answers_to(model: Any, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        return answer(model, questions)
    except Exception as error:
        traceback.print_exc()
        if len(questions) == 1:
            return [{"error": f"{type(error).__name__}: {error}"}]
    # One by one, so that a question fails alone.
    return [answers_to(model, [question])[0] for question in questions]


if __name__ == "__main__":
    main()
