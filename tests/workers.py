"""Two workers on the loopback address, each a process of its own."""

import json
import os
import pathlib
import socket
import subprocess
import sys

EACH = "EACH"
ROOT = pathlib.Path(__file__).parents[1]


def free_addresses(count=2):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return [f"127.0.0.1:{port}" for port in ports]


def tf_config(addresses, index, role="worker"):
    return json.dumps(
        {
            "cluster": {"worker": addresses},
            "task": {"type": role, "index": index},
        }
    )


def start(*arguments, each=("", "")):
    """Starts `python -m ARGUMENTS` twice, with `EACH` in them replaced."""
    addresses = free_addresses(len(each))
    return [
        subprocess.Popen(
            [sys.executable, "-m"]
            + [own if word == EACH else str(word) for word in arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "TF_CONFIG": tf_config(addresses, index),
                "TF_CPP_MIN_LOG_LEVEL": "3",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index, own in enumerate(each)
    ]


def finish(processes, timeout=600):
    """Exit codes and outputs, once all have ended."""
    try:
        outputs = [p.communicate(timeout=timeout)[0] for p in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], outputs
