"""Run a runner with fewer steps: `python shorter.py STACK RUNNER.py ...`, with STACK as JSON.

Some models' code has sizes that no configuration makes smaller, so that a CPU takes minutes a step.
It runs in the folder of the weights, where ORGANIZATION/MODEL stands for the hub's.
"""

import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

path = Path(sys.argv[2])
sys.path.insert(0, str(path.parent))
# Not by its own name, which is that of some repository's package.
spec = spec_from_file_location("runner", path)
runner = module_from_spec(spec)
spec.loader.exec_module(runner)
runner.STACK.update(json.loads(sys.argv[1]))
del sys.argv[1:3]
os.chdir(sys.argv[sys.argv.index("--pretrained") + 1])
runner.serve(runner.RUNNER, runner.load, runner.answer)
