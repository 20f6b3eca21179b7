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


def load() -> Any:
    """Load the model, once."""
    return


def answer(model: Any, question: dict[str, Any]) -> dict[str, Any]:
    """Return a dict: "text", "images" (paths of files under question["out"]), or "refusal": True.

    question: "task", "turn", "messages" (each "role", "text", "images"), "seed", "out" (a folder).
    """
    raise NotImplementedError("fill in answer()")


def main() -> None:
    # Replies have a pipe of their own, so that nothing a library prints can get between them.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model = load()
    hello = {"unisafe_worker": 1, "model": MODEL, "tasks": TASKS, "history": HISTORY}
    print(json.dumps(hello), file=pipe, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = answer(model, question)
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({**reply, "id": question["id"]}), file=pipe, flush=True)


if __name__ == "__main__":
    main()
