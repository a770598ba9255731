"""How a training is spread over devices and machines.

One process drives the replicas of one machine; with several machines, each has
a worker, which runs the same command. All workers take the same steps. The
first one, the chief, alone writes the run folder, decides when to save, and
looks at pictures; what it knows, the others hear from it.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from keras_gans import checkpoints
from trainers import cluster, run_folder
from trainers import config as config_lib
from trainers.config import UsageError
from trainers.environment import say

_CHUNK = 2**24  # Bytes that workers exchange at once.
# How TensorFlow reports that another worker is gone.
_SIGNS_OF_LOSS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class WorkerLost(Exception):
    """Another worker is gone, and with it the training of all."""


class Distribution:
    """One process, with one replica or several of its own.

    Args:
        strategy: `tf.distribute.Strategy` or `None`.

    Attributes:
        strategy: As given.
        num_replicas: Integer, in all processes together.
        num_workers: Integer, of processes.
        is_chief: Boolean, whether this process writes the run folder.
    """

    num_workers = 1
    is_chief = True

    def __init__(self, strategy=None):
        self.strategy = strategy
        self.num_replicas = strategy.num_replicas_in_sync if strategy else 1

    def scope(self):
        """A context in which to build and compile the model."""
        return self.strategy.scope() if self.strategy else _nothing()

    def describe(self):
        """Returns what is spread where, or `None` if nothing is."""
        if self.num_replicas == 1:
            return None
        return f"{self.num_replicas} replicas in this process"

    def check_batch_size(self, batch_size):
        """Refuses a global batch that replicas cannot share out.

        Raises:
            UsageError: If it does not divide.
        """
        if batch_size % self.num_replicas:
            raise UsageError(
                f"--batch_size must be a multiple of {self.num_replicas}, the "
                "number of replicas: it is the batch of all of them together. "
                f"Received: {batch_size}."
            )

    def run_folder(self, config, trainer):
        """Returns a context with the `RunFolder` of this process."""
        return run_folder.RunFolder(config, trainer)

    def share_config(self, config):
        """Returns the config of the chief."""
        return config

    def share_checkpoint(self, directory):
        """Brings the newest checkpoint of the chief into `directory`."""

    def any(self, *flags):
        """Returns of each flag whether a worker has raised it."""
        return flags

    def command_to_go_on(self, run):
        """Returns what to type after a stop."""
        return f"python -m trainers.{run.trainer} --run_dir={run.path}"

    def dataset(self, pipeline, start_step):
        """Returns what `fit` is to be given of a pipeline."""
        return pipeline.dataset(start_step)

    def copy_for_pictures(self, model, build_model):
        """Returns a model that one process can predict with."""
        del build_model
        return model

    def naming_lost_workers(self):
        """A context that tells of lost workers by `WorkerLost`."""
        return _nothing()


class WorkerDistribution(Distribution):
    """One of several processes.

    Args:
        members: `cluster.Cluster`.
    """

    def __init__(self, members):
        # TensorFlow prints the error of every worker that is gone.
        super().__init__(tf.distribute.MultiWorkerMirroredStrategy())
        self.num_workers = len(members.addresses)
        self.is_chief = members.is_chief
        self._position = members.position
        self._replica_sum = tf.function(self._sum_over_replicas)

    def describe(self):
        return (
            f"worker {self._position + 1} of {self.num_workers}"
            f"{', the chief' if self.is_chief else ''}; {self.num_replicas} "
            "replicas in all"
        )

    @contextlib.contextmanager
    def run_folder(self, config, trainer):
        if self.is_chief:
            with run_folder.RunFolder(config, trainer) as run:
                yield run
            return
        # It does what the chief does, and nobody reads what it writes.
        with tempfile.TemporaryDirectory() as folder:
            config = dataclasses.replace(config, run_dir=folder)
            with run_folder.RunFolder(config, trainer) as run:
                yield run

    def share_config(self, config):
        lines = [*config_lib.to_lines(config)]
        received = json.loads(self._share(json.dumps(lines).encode()))
        if self.is_chief:
            return config
        return type(config)(**config_lib.parse(type(config), received))

    def share_checkpoint(self, directory):
        directory = pathlib.Path(directory)
        names, path = [], None
        if self.is_chief and checkpoints.exist(directory):
            path = checkpoints.newest(directory).path
            names = [path.name, *sorted(file.name for file in path.iterdir())]
        names = json.loads(self._share(json.dumps(names).encode()))
        if not names:
            return
        target = directory / names[0]
        if not self.is_chief:
            target.mkdir(parents=True)
        for name in names[1:]:
            if self.is_chief:
                self._share((path / name).read_bytes())
            else:
                (target / name).write_bytes(self._share(b""))

    def any(self, *flags):
        raised = self._sum(np.array(flags, "int32"))
        return tuple(bool(count) for count in raised)

    def command_to_go_on(self, run):
        return "the same command, on all workers"

    def dataset(self, pipeline, start_step):
        def of_worker(context):
            batches = pipeline.dataset(
                start_step,
                shard=(context.input_pipeline_id, context.num_input_pipelines),
            )
            per_worker = self.num_replicas // self.num_workers
            if per_worker == 1:
                return batches
            size = pipeline.batch_size // self.num_replicas
            return batches.rebatch(size, drop_remainder=True)

        return self.strategy.distribute_datasets_from_function(of_worker)

    def copy_for_pictures(self, model, build_model):
        # To predict with a model that workers share takes all of them.
        return build_model() if self.is_chief else model

    @contextlib.contextmanager
    def naming_lost_workers(self):
        try:
            yield
        except _SIGNS_OF_LOSS as error:
            raise WorkerLost(
                "another worker is gone, so this one stops too. Start the "
                "command again on all of them: they go on from the newest "
                "checkpoint of the chief."
            ) from error

    def _share(self, content):
        """Returns the bytes that the chief has given."""
        size = self._sum(
            np.array([len(content) if self.is_chief else 0], "int32")
        )[0]
        parts = []
        for start in range(0, size, _CHUNK):
            length = min(_CHUNK, size - start)
            # Bytes as integers: these are what workers can add up.
            numbers = np.zeros(-(-length // 4), "int32")
            if self.is_chief:
                part = content[start : start + length]
                numbers[:] = np.frombuffer(part + bytes(-length % 4), "int32")
            parts.append(self._sum(numbers).tobytes()[:length])
        return b"".join(parts)

    def _sum(self, array):
        """Adds up what each process gives, an int32 array `(n,)`."""
        return self._replica_sum(tf.constant(array)).numpy()

    def _sum_over_replicas(self, array):
        def of_replica():
            context = tf.distribute.get_replica_context()
            first = context.replica_id_in_sync_group % (
                self.num_replicas // self.num_workers
            )
            # What a process gives counts once, however many replicas it has.
            mine = tf.where(first == 0, array, tf.zeros_like(array))
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        return self.strategy.experimental_local_results(
            self.strategy.run(of_replica)
        )[0]


def create(config):
    """Returns the `Distribution` that the flags ask for.

    It must come before TensorFlow computes anything in this process.

    Args:
        config: Config of a trainer.

    Raises:
        UsageError: If there are not as many devices, or no cluster.
        TimeoutError: If a worker does not come.
    """
    if config.strategy == "multi_worker":
        members = cluster.read()
        cluster.meet(members, config.worker_timeout)
        return WorkerDistribution(members)
    if cluster.is_described():
        say(
            "note",
            "there is a TF_CONFIG, but this process trains by itself: "
            "--strategy=multi_worker trains with the others",
        )
    devices = _devices(config)
    if len(devices) == 1 and config.strategy != "mirrored":
        return Distribution()
    return Distribution(tf.distribute.MirroredStrategy(devices))


def _devices(config):
    """Names of the devices of the replicas in this process."""
    wanted = config.num_replicas
    gpus = tf.config.list_physical_devices("GPU")
    available = len(gpus) or os.cpu_count()
    if wanted > available:
        kind = "GPUs" if gpus else "processor cores (no GPU found)"
        raise UsageError(
            f"--num_replicas must be at most {available}, the number of "
            f"{kind}. Received: {wanted}."
        )
    if config.strategy == "none":
        return ["GPU:0" if gpus else "CPU:0"]
    if gpus:
        return [f"GPU:{i}" for i in range(wanted or len(gpus))]
    if wanted > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * wanted
        )
    return [f"CPU:{i}" for i in range(wanted or 1)]


def _nothing():
    return contextlib.nullcontext()
