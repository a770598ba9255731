import keras
import numpy as np
import pytest

import keras_gans
from export.benchmark import layer_list
from export.benchmark.worker import draw
from export.errors import ExportError

torch = pytest.importorskip("torch")

# A name for each way that a network of this package is wired.
NETWORKS = {
    "resnet": lambda: keras_gans.build_resnet_generator(
        (16, 24, 3), filters=4, num_residual_blocks=1
    ),
    "resnet, pixel shuffle, affine": lambda: keras_gans.build_resnet_generator(
        (16, 16, 3),
        filters=4,
        num_residual_blocks=1,
        upsampling="pixel_shuffle",
        affine=True,
    ),
    "resnet, resize, batch norm": lambda: keras_gans.build_resnet_generator(
        (16, 16, 3),
        filters=4,
        num_residual_blocks=1,
        upsampling="resize",
        normalization="batch",
    ),
    "unet": lambda: keras_gans.build_unet_generator((32, 32, 3), filters=4),
    "conditional dcgan": lambda: keras_gans.build_dcgan_generator(
        8, (28, 28, 1), filters=4, num_classes=3
    ),
    "encoder": lambda: keras_gans.build_convolutional_encoder((8, 8, 3), 4),
    "decoder": lambda: keras_gans.build_dense_decoder(4, (8, 8, 1)),
    "odd sizes": lambda: _odd_sizes(),
    "network in a network": lambda: _nested(),
}


def _odd_sizes():
    """`same` padding that is not the same on both sides."""
    images = keras.Input((9, 12, 2))
    x = keras.layers.Conv2D(4, 4, padding="same", activation="relu")(images)
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")(x)
    x = keras.layers.GroupNormalization(groups=2)(x)
    return keras.Model(images, keras.layers.Cropping2D(((1, 2), (0, 3)))(x))


def _nested():
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 3, padding="same")]
    )
    images = keras.Input((8, 8, 3))
    return keras.Model(images, inner(inner(images)))


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_answers_as_keras_does(name, tmp_path):
    from export.benchmark.torch_network import TorchNetwork

    network = NETWORKS[name]()
    generator = np.random.default_rng(0)
    for weight in network.weights:
        if len(weight.shape) == 1:  # Biases and norms that do something.
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    layer_list.write(network, tmp_path / "list")
    arrays = draw(layer_list.specs_of(network))
    inputs = arrays
    if not isinstance(network.input, dict):
        (inputs,) = arrays.values()
    expected = keras.ops.convert_to_numpy(network(inputs, training=False))
    module = TorchNetwork(tmp_path / "list").eval()
    with torch.no_grad():
        outputs = module(
            *(torch.from_numpy(arrays[x]) for x in module.input_names)
        )
    np.testing.assert_allclose(outputs.numpy(), expected, atol=2e-5)
    assert np.ptp(expected) > 1e-3


def test_unknown_layer_is_named(tmp_path):
    images = keras.Input((4, 4, 3))
    layer = keras.layers.Permute((2, 1, 3), name="turn")
    network = keras.Model(images, layer(images))
    with pytest.raises(ExportError) as caught:
        layer_list.write(network, tmp_path / "list")
    assert str(caught.value) == (
        "the layer turn is a Permute, which has no equal in PyTorch here"
    )


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, groups=2, name="x"),
        keras.layers.Conv2D(4, 3, activation="gelu", name="x"),
        keras.layers.Conv2DTranspose(4, 1, strides=2, name="x"),
        keras.layers.ReLU(max_value=6, name="x"),
        keras.layers.UpSampling2D(interpolation="bilinear", name="x"),
    ],
)
def test_options_that_would_be_lost_are_refused(layer, tmp_path):
    images = keras.Input((8, 8, 4))
    network = keras.Model(images, layer(images))
    with pytest.raises(ExportError, match="the layer x "):
        layer_list.write(network, tmp_path / "list")
