import keras
import numpy as np
import pytest
import tensorflow as tf

from export import console


def build_network(seed=0):
    """Two convolutions on 16x16 images."""
    kinds = keras.initializers.GlorotUniform
    images = keras.Input((16, 16, 3), name="images")
    x = keras.layers.Conv2D(
        8, 3, padding="same", kernel_initializer=kinds(seed=seed)
    )(images)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(
        3, 3, padding="same", kernel_initializer=kinds(seed=seed + 1)
    )(x)
    return keras.Model(images, keras.layers.Activation("tanh")(x))


@pytest.fixture(scope="session")
def network():
    return build_network()


@pytest.fixture(scope="session")
def saved_model(network, tmp_path_factory):
    """A SavedModel in a folder like that of an export."""
    path = tmp_path_factory.mktemp("export") / "saved_model"
    with console.quiet_libraries():
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint(
            "serving_default",
            lambda images: network(images, training=False),
            input_signature=[tf.TensorSpec((1, 16, 16, 3), name="images")],
        )
        archive.write_out(str(path), verbose=False)
    return path


@pytest.fixture(scope="session")
def files(saved_model):
    """The .tflite files beside it, float32 first."""
    paths = []
    for name in ("float32", "float16"):
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
        if name == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        paths.append(saved_model.with_name(f"generator_{name}.tflite"))
        paths[-1].write_bytes(quiet(converter.convert))
    return paths


@pytest.fixture(scope="session")
def file_of_two_sizes(tmp_path_factory):
    """One file with two functions, which share their weights."""
    folder = tmp_path_factory.mktemp("sizes")
    kernel = np.ones((3, 3, 3, 4), "float32")

    def answer(images):
        return {"images": tf.nn.conv2d(images, kernel, 1, "SAME")}

    module = tf.Module()
    module.answer = tf.function(answer)
    functions = {
        f"size_{size}": module.answer.get_concrete_function(
            tf.TensorSpec((1, size, size, 3), name="images")
        )
        for size in (8, 16)
    }
    tf.saved_model.save(module, str(folder / "model"), signatures=functions)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder / "model"), signature_keys=list(functions)
    )
    path = folder / "sizes.tflite"
    path.write_bytes(quiet(converter.convert))
    return path


def quiet(function):
    with console.quiet_libraries():
        return function()
