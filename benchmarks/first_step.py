"""python benchmarks/first_step.py [SIDE]: what comes before the second step.

CPU seconds, in a fresh process of one thread, of the paper's CycleGAN at SIDE
pixels (64 unless told, most of it depends on no size): building and compiling
the model; tracing its training step; the first step, less what a steady one
takes, which is TensorFlow's optimisation of the graph. Then the nodes of the
graph, those of its functions included, the steady step, and the most memory.
"""

import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["OMP_NUM_THREADS"] = "1"

import inspect  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from keras_gans import CycleGAN  # noqa: E402
from keras_gans.networks import (  # noqa: E402
    build_patchgan_discriminator,
    build_resnet_generator,
)

NUM_STEPS = 5


def build(side):
    shape = (side, side, 3)
    model = CycleGAN(
        build_resnet_generator(shape),
        build_resnet_generator(shape),
        build_patchgan_discriminator(shape),
        build_patchgan_discriminator(shape),
        seed=1,
    )
    model.compile()
    return model


def batches(side):
    draw = np.random.default_rng(0)
    images = draw.uniform(-1, 1, (2, 4, side, side, 3)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(tuple(images))
    return iter(data.batch(1, drop_remainder=True).repeat())


def count_nodes(graph):
    definition = graph.as_graph_def()
    functions = definition.library.function
    return len(definition.node) + sum(len(f.node_def) for f in functions)


def report(label, value, unit):
    print(f"{label:<16}{value:9.2f} {unit}", flush=True)


def main(side):
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)
    iterator = batches(side)
    times = [time.process_time()]
    model = build(side)
    times.append(time.process_time())
    model.make_train_function()
    step = model.train_function
    # Keras has the traced function in a closure.
    traced = inspect.getclosurevars(step).nonlocals["multi_step_on_iterator"]
    graph = traced.get_concrete_function(iterator).graph
    times.append(time.process_time())
    for _ in range(1 + NUM_STEPS):
        step(iterator)
        times.append(time.process_time())
    built, tracing, first, *steady = np.diff(times)
    steady = np.median(steady)
    report("build", built, "CPU s")
    report("trace", tracing, "CPU s")
    report("optimise", first - steady, "CPU s")
    report("first step", tracing + first, "CPU s")
    report("steady step", steady, "CPU s")
    print(f"{'nodes':<16}{count_nodes(graph):9d}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report("peak memory", peak / 1024, "MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
