"""Run a runner with fewer steps: `python shorter.py STACK RUNNER.py ...`, with STACK as JSON.

Some models' code has sizes that no configuration makes smaller, so that a CPU takes minutes a step.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

script = Path(sys.argv[2])
sys.path.insert(0, str(script.parent))
runner = import_module(script.stem)
runner.STACK.update(json.loads(sys.argv[1]))
del sys.argv[1:3]
runner.serve(runner.RUNNER, runner.load, runner.answer)
