"""A process that has imported lmms-eval and read its tasks once, and forks for each command.

Most of what `lmms-eval` costs is its imports, and the 2,000 YAML files of its own tasks. A forked
child has both behind it, and does the rest as a process of its own: folder, environment, arguments,
output, exit handlers and exit code are the command's. What packages read from the environment when
they are imported is what it was when this server started. Run as

    python fork_server.py SOCKET PID

by the first test that needs it; it ends when the process PID, the pytest session's, has ended.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve; each command's process comes back here too, with what it is to run."""
    path, session = sys.argv[1], int(sys.argv[2])
    sys.path[0] = str(Path(sys.executable).parent)
    with socket.socket(socket.AF_UNIX) as listening:
        # A client can connect during the imports, and waits. The name appears when we listen.
        listening.bind(f"{path}-new")
        listening.listen()
        os.rename(f"{path}-new", path)
        import_lmms_eval()
        request = serve(listening, os.pidfd_open(session))
    if request:
        become(request)
        from lmms_eval.cli.dispatch import main as lmms_eval

        sys.exit(lmms_eval())


def import_lmms_eval() -> None:
    """All that the command imports, and an index of lmms-eval's own tasks that is kept."""
    import lmms_eval.__main__
    from lmms_eval import tasks

    read = tasks.TaskManager._get_task_and_group
    builtin = os.path.dirname(os.path.abspath(tasks.__file__)) + "/"
    index = read(tasks.TaskManager(include_defaults=False), builtin)

    def known(self: Any, folder: str) -> Any:
        return dict(index) if folder == builtin else read(self, folder)

    tasks.TaskManager._get_task_and_group = known
    assert lmms_eval.__main__.cli_evaluate
    gc.collect()
    gc.freeze()


def serve(listening: socket.socket, session: int) -> dict[str, Any] | None:
    """Fork for each connection; returns a request in its own process, and None at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listening, session], [], [])
        if session in ready:
            return None
        connection, _ = listening.accept()
        with connection:
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(session)
                return attend(connection)


def attend(connection: socket.socket) -> dict[str, Any]:
    """Fork the command's process, in which this returns, and tell its number and its exit code."""
    with connection.makefile("rw") as stream:
        request: dict[str, Any] = json.loads(stream.readline())
        command = os.fork()
        if command == 0:
            return request
        print(json.dumps(command), file=stream, flush=True)
        _, status = os.waitpid(command, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), file=stream, flush=True)
        os._exit(0)


def become(request: dict[str, Any]) -> None:
    """Make this process what the command's would be when its main function is called."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["words"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    # A shell that starts the tests in the background has them ignore it, and forks inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    main()
