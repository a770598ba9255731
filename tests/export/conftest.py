import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import export  # noqa: E402
import keras_gans  # noqa: E402
from export import convert, parity_inputs  # noqa: E402
from export.endpoints import DEFAULT_NAME, Endpoint  # noqa: E402
from keras_gans import checkpoints  # noqa: E402

SHAPE = (32, 32, 3)


def build_generator(seed=0, shape=SHAPE):
    """A small generator with every kind of layer that phones find hard."""
    initializers = iter(
        keras.initializers.GlorotUniform(seed=100 * seed + i) for i in range(9)
    )

    def convolve(kind, filters, size, **kwargs):
        return kind(
            filters, size, kernel_initializer=next(initializers), **kwargs
        )

    layers = keras.layers
    inputs = keras.Input(shape)
    x = keras.ops.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
    x = convolve(layers.Conv2D, 8, 3)(x)
    x = layers.GroupNormalization(groups=-1)(x)
    x = convolve(layers.Conv2D, 16, 3, strides=2, padding="same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.5)(x)
    x = convolve(layers.Conv2DTranspose, 8, 3, strides=2, padding="same")(x)
    x = convolve(layers.Conv2D, shape[-1], 3, padding="same")(x)
    return keras.Model(inputs, layers.Activation("tanh")(x))


def build_cyclegan():
    keras.utils.set_random_seed(1)
    generators = [
        keras_gans.build_resnet_generator(
            (64, 64, 3), filters=4, num_residual_blocks=1
        )
        for _ in range(2)
    ]
    discriminators = [
        keras_gans.build_patchgan_discriminator((64, 64, 3), filters=2)
        for _ in range(2)
    ]
    model = keras_gans.CycleGAN(*generators, *discriminators)
    model.compile()
    return model


@pytest.fixture(scope="session")
def generator():
    return build_generator()


@pytest.fixture(scope="session")
def inputs():
    return parity_inputs.default({"images": SHAPE})["images"]


@pytest.fixture(scope="session")
def exported(generator, inputs, tmp_path_factory):
    """One export in all formats, shared: treat its files as read-only."""
    folder = tmp_path_factory.mktemp("exported") / "export"
    return export.export_network(generator, inputs, folder)


@pytest.fixture(scope="session")
def model_file(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "generator.keras"
    generator.save(path)
    return path


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory):
    """A run folder of a tiny CycleGAN, with its newest checkpoint damaged."""
    run_dir = tmp_path_factory.mktemp("runs") / "cyclegan-001"
    model = build_cyclegan()
    for step in (3, 4):
        checkpoints.write(run_dir / "checkpoints", model, step, {})
    newest = run_dir / "checkpoints" / "step_00000004" / "model.keras"
    newest.write_bytes(newest.read_bytes()[:-1])
    (run_dir / "samples").mkdir()
    images = parity_inputs.default({"images": (64, 64, 3)})["images"]
    np.savez(
        run_dir / "samples" / "inputs.npz",
        generator_ab=images,
        generator_ba=images[:3],
    )
    return run_dir


def write_saved_model(model, signature, path):
    """Writes any network behind any signature, as a saboteur would."""
    endpoint = Endpoint(DEFAULT_NAME, model, signature, [])
    return convert.write_saved_model([endpoint], path)


@pytest.fixture
def read_json():
    return lambda path: json.loads(path.read_text(encoding="utf-8"))
