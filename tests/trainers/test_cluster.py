import json
import socket
import threading
import time

import pytest

from tests import workers
from trainers import cluster
from trainers.config import UsageError

ADDRESSES = ["10.0.0.1:2222", "10.0.0.2:2222"]


@pytest.fixture
def describe(monkeypatch):
    def describe(config):
        text = config if isinstance(config, str) else json.dumps(config)
        monkeypatch.setenv("TF_CONFIG", text)

    return describe


@pytest.mark.parametrize("index", [0, 1])
def test_workers_are_numbered(describe, index):
    describe(workers.tf_config(ADDRESSES, index))
    members = cluster.read()
    assert members.addresses == tuple(ADDRESSES)
    assert members.position == index
    assert members.is_chief == (index == 0)


def test_a_chief_comes_before_the_workers(describe):
    described = {"chief": ["10.0.0.3:1"], "worker": ADDRESSES}
    describe(
        {"cluster": described, "task": {"type": "worker", "index": 0}},
    )
    members = cluster.read()
    assert members.addresses == ("10.0.0.3:1", *ADDRESSES)
    assert members.position == 1
    describe({"cluster": described, "task": {"type": "chief", "index": 0}})
    assert cluster.read().is_chief


def test_whether_there_is_a_description(describe, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert not cluster.is_described()
    describe("{}")
    assert cluster.is_described()


def task(role, index):
    return {"type": role, "index": index}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "needs the environment variable TF_CONFIG"),
        ("not json", "must be JSON with `cluster` and `task`"),
        ("[]", "must be JSON with `cluster` and `task`"),
        ({"cluster": {"worker": ADDRESSES}}, "must be JSON with `cluster`"),
        (
            {"cluster": {"worker": ADDRESSES}, "task": task("worker", 2)},
            "says that this is worker 2, but lists 2 of them",
        ),
        (
            {"cluster": {"worker": ADDRESSES}, "task": task("chief", 0)},
            "says that this is chief 0, but lists 0 of them",
        ),
        (
            {
                "cluster": {"worker": ADDRESSES, "ps": ["10.0.0.4:1"]},
                "task": task("worker", 0),
            },
            "no tasks but chief and worker. Received: ps",
        ),
        (
            {"cluster": {"worker": ADDRESSES}, "task": task("evaluator", 0)},
            "no tasks but chief and worker. Received: evaluator",
        ),
        (
            {"cluster": {"worker": ["a:1", "a:1"]}, "task": task("worker", 0)},
            "an address of its own. Received: a:1, a:1",
        ),
        (
            {"cluster": {"worker": ["a"]}, "task": task("worker", 0)},
            "addresses as host:port. Received: 'a'",
        ),
        (
            {"cluster": {"worker": ["a:70000"]}, "task": task("worker", 0)},
            "addresses as host:port. Received: 'a:70000'",
        ),
    ],
)
def test_what_is_no_cluster_is_refused(describe, config, message):
    describe(config)
    with pytest.raises(UsageError) as error:
        cluster.read()
    assert message in str(error.value)


def meet_in_thread(members, results):
    def run():
        cluster.meet(members, 20)
        results.append(members.position)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_workers_wait_for_each_other():
    addresses = tuple(workers.free_addresses(3))
    arrived = []
    first = [
        meet_in_thread(cluster.Cluster(addresses, i), arrived) for i in (0, 1)
    ]
    time.sleep(0.3)
    assert arrived == []
    last = meet_in_thread(cluster.Cluster(addresses, 2), arrived)
    # The real ones listen on: TensorFlow takes the port of each over.
    kept = {}
    deadline = time.monotonic() + 30
    while len(kept) < 3 and time.monotonic() < deadline:
        for position in set(arrived) - set(kept):
            port = int(addresses[position].split(":")[1])
            kept[position] = socket.create_server(("127.0.0.1", port))
        time.sleep(0.01)
    for thread in (*first, last):
        thread.join()
    for server in kept.values():
        server.close()
    assert sorted(arrived) == [0, 1, 2]


def test_a_worker_that_does_not_come_is_named():
    addresses = tuple(workers.free_addresses(3))
    third = socket.create_server(("127.0.0.1", int(addresses[2][10:])))
    with third, pytest.raises(TimeoutError) as error:
        cluster.meet(cluster.Cluster(addresses, 0), 0.2)
    assert str(error.value).startswith(
        f"these workers did not come within 0 s: {addresses[1]}. "
    )
    assert addresses[2] not in str(error.value)


def test_a_port_in_use_is_named():
    addresses = tuple(workers.free_addresses(2))
    server = socket.create_server(("", int(addresses[0][10:])))
    with server, pytest.raises(UsageError) as error:
        cluster.meet(cluster.Cluster(addresses, 0), 1)
    assert f"the address {addresses[0]}, but its port" in str(error.value)
