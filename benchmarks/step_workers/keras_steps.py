"""The process that trains a model of ours: `training_steps.py` starts it."""

import os
import pathlib

import keras
import tensorflow as tf

from export.benchmark.worker import serve
from step_workers import files, keras_models, stepping
from trainers import environment

# variant -> arguments of `compile`
COMPILED = {"jit": {"jit_compile": True}, "parts": {"accumulate_steps": 4}}


def prepare(model, side, variant, folder):
    """Returns a function of one step, the one that `model.fit` runs."""
    if variant == "mixed_bfloat16":
        keras.config.set_dtype_policy(variant)
    if variant == "reproducible":
        keras.utils.set_random_seed(0)
        environment.be_reproducible()
    folder = pathlib.Path(folder)
    model, networks = keras_models.build(model, side)
    for name, network in networks.items():
        _assign(network, files.read_weights(folder, name))
    for name in ("pool_a", "pool_b"):
        if hasattr(model, name):
            images = files.read_pool(folder, name)
            pool = getattr(model, name)
            pool.images.assign(images)
            pool.num_images.assign(len(images))
    model.compile(**COMPILED.get(variant, {}))
    batches = files.read_batches(folder)
    batches = tuple(batches) if len(batches) > 1 else batches[0]
    iterator = iter(tf.data.Dataset.from_tensor_slices(batches).repeat())
    model.make_train_function()
    return lambda: model.train_function(iterator)


def _assign(network, layers):
    ours = [layer for layer in network.layers if layer.weights]
    for layer, arrays in zip(ours, layers, strict=True):
        for weight in layer.weights:
            weight.assign(arrays[weight.path.rsplit("/", 1)[-1]])


if __name__ == "__main__":
    threads = int(os.environ["OMP_NUM_THREADS"])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    serve(stepping.Stepper(prepare))
