"""Writes what tensorflow-addons computes into `fixtures/`, or checks it.

Runs in the environment of `requirements.txt` only: README.md in this folder.

    python tests/legacy/make_fixtures.py            # writes them
    python tests/legacy/make_fixtures.py --check    # compares with those there
"""

import argparse
import inspect
import io
import json
import os
import pathlib
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# tensorflow-addons announces its end of life by a warning.
os.environ.setdefault("PYTHONWARNINGS", "ignore")

import cases
import compare
import networks
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
# Where a layer keeps the weight of each role.
LAYER_WEIGHTS = {
    "GroupNormalization": {"gamma": "gamma", "beta": "beta"},
    "InstanceNormalization": {"gamma": "gamma", "beta": "beta"},
    "SpectralNormalization": {"kernel": "w", "u": "u", "bias": "layer.bias"},
    "WeightNormalization": {"kernel": "v", "g": "g", "bias": "layer.bias"},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    tf.random.set_seed(0)
    if not parser.parse_args().check:
        write_all(FIXTURES)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_all(pathlib.Path(folder))
        compare.check_folders(FIXTURES, pathlib.Path(folder))
    print("tensorflow-addons computes what the fixtures say.")


def write_all(folder):
    """Writes all fixtures into a folder."""
    folder.mkdir(exist_ok=True)
    for build in networks.NETWORKS:
        with tempfile.TemporaryDirectory() as files:
            write_network(build, pathlib.Path(files))
            pack(pathlib.Path(files), folder / f"{build.__name__}.tar.xz")
    with tempfile.TemporaryDirectory() as files:
        write_checkpoint(pathlib.Path(files))
        pack(pathlib.Path(files), folder / "cyclegan_checkpoint.tar.xz")
    arrays, configs = {}, {}
    for name, (shape, make) in cases.LAYERS.items():
        configs[name] = record_layer(arrays, name, shape, make)
    for name, make in cases.OPTIMIZERS.items():
        configs[name] = record_optimizer(arrays, name, make)
    for name, (shape, operation) in cases.IMAGE_OPERATIONS.items():
        arrays[name] = operation(tfa, cases.draw(name, shape))
    np.savez_compressed(folder / "cases.npz", **arrays)
    write_json(folder / "configs.json", configs)
    write_json(folder / "names.json", public_names())


def write_json(path, content):
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def public_names():
    """What can be asked for, by namespace."""
    names = {"tfa": [name for name in dir(tfa) if not name.startswith("_")]}
    for module in (tfa.layers, tfa.optimizers, tfa.image):
        names[f"tfa.{module.__name__.split('.')[-1]}"] = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and not inspect.ismodule(value)
        ]
    return names


def build_network(build, name):
    """A network with weights that depend on the name alone."""
    tf.keras.backend.clear_session()
    model = build(tf.keras, tfa)
    randomize(model.weights, name)
    return model


def randomize(weights, name):
    """Gives all weights numbers, so that none is what it was born with."""
    for i, weight in enumerate(weights):
        if weight.dtype == tf.float32:
            value = cases.draw(f"{name}/{i}", weight.shape)
            fan_in = max(np.prod(weight.shape[:-1]), 1)
            # A power of two, so that the numbers stay short.
            weight.assign(value / 2 ** np.ceil(np.log2(fan_in) / 2))


def write_network(build, folder):
    """One network in every format, with an input and the output to it."""
    name = build.__name__
    model = build_network(build, name)
    write_probe(model, name, folder / "probe.npz")
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.save(folder / "saved_model")
    model.save_weights(folder / "model.weights.h5")
    model.save_weights(folder / "legacy_weights.h5")
    model.save_weights(folder / "tf_weights" / "weights")


def write_probe(model, name, path):
    images = np.clip(
        cases.draw(f"{name}/probe", (2, *networks.IMAGE_SHAPE)), -1, 1
    )
    outputs = model(images, training=False)
    np.savez_compressed(path, inputs=images, outputs=outputs)


def write_checkpoint(folder):
    """What TensorFlow's CycleGAN tutorial leaves behind."""
    objects = {}
    for name, build in (
        ("generator_g", networks.resnet_generator),
        ("generator_f", networks.resnet_generator),
        ("discriminator_x", networks.patchgan_discriminator),
        ("discriminator_y", networks.patchgan_discriminator),
    ):
        model = build_network(build, name)
        optimizer = tf.keras.optimizers.Adam(2e-4, beta_1=0.5)
        optimizer.build(model.trainable_variables)
        objects[name] = model
        objects[f"{name}_optimizer"] = optimizer
        write_probe(model, name, folder / f"{name}.npz")
    checkpoint = tf.train.Checkpoint(**objects)
    tf.train.CheckpointManager(checkpoint, folder / "train", 1).save()


def record_layer(arrays, name, shape, make):
    """Two calls in training and one in inference; returns the configs."""
    tf.keras.backend.clear_session()
    layer = make(tf.keras, tfa)
    inputs = tf.constant(cases.draw(f"{name}/inputs", shape))
    layer.build(inputs.shape)
    roles = LAYER_WEIGHTS.get(type(layer).__name__, {})
    weights = {}
    for role, path in roles.items():
        value = layer
        for attribute in path.split("."):
            value = getattr(value, attribute)
        if value is not None:
            # A gain starts as ones: what data make of it is multiplied.
            if role != "g":
                randomize([value], f"{name}/{role}")
            weights[role] = value
            arrays[f"{name}/before/{role}"] = value.numpy()
    if hasattr(layer, "_naked_clone_layer"):
        layer._naked_clone_layer.set_weights(
            [
                weights[role].numpy()
                for role in ("kernel", "bias")
                if role in weights
            ]
        )
    names = [weight.name for weight in layer.weights]
    trainable = {r: w for r, w in weights.items() if w.trainable}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        upstream = cases.draw(f"{name}/upstream", outputs.shape)
        loss = tf.reduce_sum(outputs * upstream)
    gradients = tape.gradient(loss, {"inputs": inputs, **trainable})
    arrays[f"{name}/training"] = outputs
    for role, gradient in gradients.items():
        arrays[f"{name}/gradient/{role}"] = gradient
    arrays[f"{name}/training_again"] = layer(inputs, training=True)
    arrays[f"{name}/inference"] = layer(inputs, training=False)
    for role, weight in weights.items():
        arrays[f"{name}/after/{role}"] = weight.numpy()
    serialize = tf.keras.layers.serialize
    return {
        "keras": serialize(make(tf.keras, tfa)),
        "h5": serialize(make(tf.keras, tfa), use_legacy_format=True),
        "weights": names,
    }


def record_optimizer(arrays, name, make):
    """The variables after each step; returns the config."""
    optimizer = make(tf.keras, tfa)
    variables = {
        variable: tf.Variable(cases.draw(f"{name}/{variable}", shape))
        for variable, shape in cases.VARIABLES.items()
    }
    for step, gradients in enumerate(cases.gradients_of(name)):
        optimizer.apply_gradients(
            [(gradients[v], variables[v]) for v in variables]
        )
        for variable, value in variables.items():
            arrays[f"{name}/{step}/{variable}"] = value.numpy()
    return {"keras": tf.keras.optimizers.serialize(optimizer)}


def pack(folder, path):
    """Packs files into an archive that holds nothing of this machine."""
    with tarfile.open(path, "w:xz") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                content = file.read_bytes()
                info = tarfile.TarInfo(str(file.relative_to(folder)))
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    main()
