"""The workers that train together, as `TF_CONFIG` names them.

`TF_CONFIG` is TensorFlow's own description of a cluster, a JSON object with
the addresses of all workers and the place of this one among them:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
     "task": {"type": "worker", "index": 0}}

The first worker is the chief: it writes the run folder.
"""

import dataclasses
import json
import os
import socket
import time

from trainers.config import UsageError
from trainers.environment import say

_VARIABLE = "TF_CONFIG"
_ROLES = ("chief", "worker")
_SECONDS_BETWEEN_TRIES = 0.5
_SECONDS_BETWEEN_LINES = 10


@dataclasses.dataclass(frozen=True)
class Cluster:
    """All workers, the chief first.

    Attributes:
        addresses: Tuple of strings `"host:port"`.
        position: Integer, which of them this process is.
    """

    addresses: tuple
    position: int

    @property
    def is_chief(self):
        return self.position == 0


def is_described():
    """Whether there is a `TF_CONFIG`."""
    return bool(os.environ.get(_VARIABLE))


def read():
    """Returns the `Cluster` of `TF_CONFIG`.

    Raises:
        UsageError: If there is none, or it does not describe a cluster.
    """
    text = os.environ.get(_VARIABLE, "")
    if not text:
        raise UsageError(
            "--strategy=multi_worker needs the environment variable "
            f"{_VARIABLE}, with the addresses of all workers and which of them "
            "this one is: docs/training.md shows how."
        )
    try:
        config = json.loads(text)
        workers = {
            role: list(config["cluster"].get(role, [])) for role in _ROLES
        }
        others = sorted(set(config["cluster"]) - set(_ROLES))
        role, index = config["task"]["type"], int(config["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{_VARIABLE} must be JSON with `cluster` and `task`: "
            '{"cluster": {"worker": ["host:port", ...]}, '
            '"task": {"type": "worker", "index": 0}}. Received: '
            f"{text[:200]}"
        ) from error
    if others or role not in _ROLES:
        raise UsageError(
            f"{_VARIABLE} must have no tasks but chief and worker. Received: "
            f"{', '.join(others) or role}."
        )
    if not 0 <= index < len(workers[role]):
        raise UsageError(
            f"{_VARIABLE} says that this is {role} {index}, but lists "
            f"{len(workers[role])} of them."
        )
    addresses = (*workers["chief"], *workers["worker"])
    for address in addresses:
        _split(address)
    if len(set(addresses)) < len(addresses):
        raise UsageError(
            f"{_VARIABLE} must give each worker an address of its own. "
            f"Received: {', '.join(addresses)}."
        )
    before = len(workers["chief"]) if role == "worker" else 0
    return Cluster(addresses, before + index)


def meet(cluster, seconds):
    """Waits until all workers of a cluster are there.

    TensorFlow itself would wait for them without an end.

    Args:
        cluster: `Cluster`.
        seconds: Number, the longest time to wait.

    Raises:
        UsageError: If this process cannot listen at its address.
        TimeoutError: If a worker did not come; its address is in the message.
    """
    own = cluster.addresses[cluster.position]
    with _listen(own):
        missing = [a for a in cluster.addresses if a != own]
        started = last_line = time.monotonic()
        while missing:
            missing = [a for a in missing if not _answers(a)]
            now = time.monotonic()
            if missing and now - started >= seconds:
                raise TimeoutError(
                    f"these workers did not come within {seconds:.0f} s: "
                    f"{', '.join(missing)}. Start them, look at the addresses "
                    f"in {_VARIABLE}, or wait longer with --worker_timeout."
                )
            if missing and now - last_line >= _SECONDS_BETWEEN_LINES:
                last_line = now
                say("wait", f"for {', '.join(missing)}")
            if missing:
                time.sleep(_SECONDS_BETWEEN_TRIES)


def _listen(address):
    _, port = _split(address)
    try:
        # All interfaces: the address may be a name of a service.
        return socket.create_server(("", port), backlog=128)
    except OSError as error:
        raise UsageError(
            f"{_VARIABLE} gives this worker the address {address}, but its "
            f"port cannot be used here: {error.strerror}."
        ) from error


def _answers(address):
    try:
        socket.create_connection(_split(address), timeout=2).close()
    except OSError:
        return False
    return True


def _split(address):
    host, _, port = str(address).rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 2**16:
        raise UsageError(
            f"{_VARIABLE} must list addresses as host:port. Received: "
            f"{address!r}."
        )
    return host, int(port)
