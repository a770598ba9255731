"""How fast a training is, part by part: pipeline, step, and both together."""

import dataclasses
import statistics
import time

import keras
import tensorflow as tf

from trainers import matrix_operations, memory

ROUNDS = 3
_WARM_UP_SHARE = 0.25
_PRODUCTS_SHARE = 0.25
_STEPS_WITHOUT_END = 2**31
_MATRIX_SIDE = 2048


@dataclasses.dataclass(frozen=True)
class Range:
    """What one measurement gave in the rounds.

    Attributes:
        median: Float.
        least: Float.
        most: Float.
    """

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))


@dataclasses.dataclass(frozen=True)
class Speed:
    """The figures of one training.

    Attributes:
        pipeline: `Range`, samples per second of the input pipeline alone.
        step: `Range`, of the training step alone, on a batch in memory.
        together: `Range`, of both, as `fit` runs them.
        operations: Integer, floating-point operations that a step spends on
            convolutions and matrix products, or `None` if unknown.
        matrix_peak: Dictionary, from the names of the dtypes that these are
            computed in to `Range`s: operations per second of one product of
            large matrices on all devices of the training.
        share_of_peak: `Range`, of the time of a step that its operations would
            take at the peak; `None` if unknown.
        build_seconds: Float, processor time to build the networks.
        first_step_seconds: Float, processor time of the first step, which
            traces the graph.
        memory: Float, bytes of this process at most, without those that it
            had when the measurement began.
        device_memory: Integer, bytes of the fullest GPU at most; `None`
            without a GPU.
    """

    pipeline: Range
    step: Range
    together: Range
    operations: int | None
    matrix_peak: dict
    share_of_peak: Range | None
    build_seconds: float
    first_step_seconds: float
    memory: float
    device_memory: int | None


def measure(task, distribution, seconds, memory_before):
    """Measures the training of a `task`, which is not kept.

    The parts are measured in turns, so that what else the machine does slows
    all of them down.

    Args:
        task: `trainers.task.Task`.
        distribution: `trainers.distribution.Distribution`.
        seconds: Float, for each part in each of the `ROUNDS`.
        memory_before: Float, bytes of this process before the data was read.

    Returns:
        A pair of the compiled model, to be described, and `Speed`.
    """
    start = time.process_time()
    with distribution.scope():
        model = task.build_model()
    built = time.process_time()
    graphs = _record_graphs(model)
    dataset = task.pipeline.dataset(0)
    model.fit(dataset, steps_per_epoch=1, verbose=0, shuffle=False)
    first_step_done = time.process_time()
    operations = _count_operations(graphs) or {}
    products = {}
    rounds = []
    for _ in range(ROUNDS):
        pipeline = _time_pipeline(dataset, seconds)
        together = _time_together(model, dataset, seconds)
        if not rounds:
            # Before the matrices, which no training needs.
            used = memory.peak() - memory_before, memory.peak_of_devices()
            products = {d: _MatrixProduct(d, distribution) for d in operations}
        step, peaks = _time_step(model, dataset, seconds, products)
        rounds.append(_Round(pipeline, step, together, peaks))
    return model, _summarize(
        rounds,
        task.pipeline.batch_size,
        operations,
        build_seconds=built - start,
        first_step_seconds=first_step_done - built,
        memory=used[0],
        device_memory=used[1],
    )


@dataclasses.dataclass(frozen=True)
class _Round:
    """Steps per second, and operations per second by dtype."""

    pipeline: float
    step: float
    together: float
    peaks: dict

    def share_of_peak(self, operations):
        seconds = sum(n / self.peaks[d] for d, n in operations.items())
        return self.step * seconds


def _summarize(rounds, batch_size, operations, **figures):
    pipeline, step, together = (
        Range.of([batch_size * getattr(r, part) for r in rounds])
        for part in ("pipeline", "step", "together")
    )
    matrix_peak = {
        dtype: Range.of([r.peaks[dtype] for r in rounds])
        for dtype in operations
    }
    shares = None
    if operations:
        shares = Range.of([r.share_of_peak(operations) for r in rounds])
    return Speed(
        pipeline,
        step,
        together,
        sum(operations.values()) if operations else None,
        matrix_peak,
        shares,
        **figures,
    )


class _Stopwatch:
    """Counts steps per second, once the first ones are over.

    Args:
        seconds: Float, how long to count.
    """

    def __init__(self, seconds):
        self._seconds = seconds
        self._start = time.perf_counter()
        self._is_warm = False
        self._steps = 0
        self.rate = None

    def tick(self, steps=1):
        """Notes that `steps` are done; returns whether it is enough."""
        elapsed = time.perf_counter() - self._start
        if self._is_warm:
            self._steps += steps
            self.rate = self._steps / elapsed
            return elapsed >= self._seconds
        if elapsed >= _WARM_UP_SHARE * self._seconds:
            self._is_warm = True
            self._start = time.perf_counter()
        return False


def _time_pipeline(dataset, seconds):
    stopwatch = _Stopwatch(seconds)
    for _ in dataset:
        if stopwatch.tick():
            return stopwatch.rate


def _time_step(model, dataset, seconds, products):
    """Times step and products in turns: other programs slow both down.

    Returns:
        Steps per second, and a dictionary of operations per second.
    """
    # Of the same specification as the dataset: another one is another trace.
    batch = dataset.take(1).cache().repeat()
    iterator = iter(
        model.distribute_strategy.experimental_distribute_dataset(batch)
    )
    model.make_train_function()

    def step():
        # A device may still be at work; `fit` waits for the logs as well.
        for value in model.train_function(iterator).values():
            float(value)

    timers = {name: _Timer(product) for name, product in products.items()}
    step_timer = _Timer(step)
    while step_timer.seconds < seconds:
        step_timer.run()
        for timer in timers.values():
            while timer.seconds < _PRODUCTS_SHARE * step_timer.seconds:
                timer.run()
    return step_timer.runs_per_second * model.steps_per_execution, {
        dtype: timers[dtype].runs_per_second * product.operations
        for dtype, product in products.items()
    }


class _Timer:
    """Runs a function once for nothing, and then against the clock."""

    def __init__(self, function):
        self._function = function
        function()
        self._runs = 0
        self.seconds = 0.0

    def run(self):
        start = time.perf_counter()
        self._function()
        self.seconds += time.perf_counter() - start
        self._runs += 1

    @property
    def runs_per_second(self):
        return self._runs / self.seconds


def _time_together(model, dataset, seconds):
    stopwatch = _Stopwatch(seconds)
    model.fit(
        dataset,
        steps_per_epoch=_STEPS_WITHOUT_END,
        callbacks=[_StopWhenMeasured(stopwatch)],
        verbose=0,
        shuffle=False,
    )
    return stopwatch.rate


class _StopWhenMeasured(keras.callbacks.Callback):
    def __init__(self, stopwatch):
        super().__init__()
        self._stopwatch = stopwatch
        self._steps_done = 0

    def on_train_batch_end(self, batch, logs=None):
        steps, self._steps_done = batch + 1 - self._steps_done, batch + 1
        if self._stopwatch.tick(steps):
            self.model.stop_training = True


def _record_graphs(model):
    """Returns a list that gets the graph of each trace of the step."""
    graphs = []
    train_step = model.train_step

    def recording_train_step(data):
        graphs.append(tf.compat.v1.get_default_graph())
        return train_step(data)

    model.train_step = recording_train_step
    return graphs


def _count_operations(graphs):
    if not graphs:
        return None
    try:
        # All replicas of one process are in one graph.
        return matrix_operations.count(graphs[-1])
    except ValueError:
        return None


class _MatrixProduct:
    """A product of large square matrices, on one device; call it."""

    def __init__(self, dtype, distribution):
        shape = (_MATRIX_SIDE, _MATRIX_SIDE)
        self._matrix = tf.cast(tf.random.normal(shape), dtype)
        # Without GPUs, all replicas share the processors.
        gpus = tf.config.list_physical_devices("GPU")
        devices = distribution.num_replicas if gpus else 1
        # On all devices of the training.
        self.operations = devices * 2 * _MATRIX_SIDE**3

    def __call__(self):
        float(tf.matmul(self._matrix, self._matrix)[0, 0])
