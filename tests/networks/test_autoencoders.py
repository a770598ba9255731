"""Dense and convolutional encoders and decoders."""

import re

import keras
import numpy as np
import pytest

from keras_gans.networks import (
    build_convolutional_decoder,
    build_convolutional_encoder,
    build_dense_decoder,
    build_dense_encoder,
)
from tests.networks import gan_pairs

SHAPE = (8, 12, 2)
NETWORKS = {
    "dense encoder": lambda: build_dense_encoder(SHAPE, 3, (5, 4)),
    "dense decoder": lambda: build_dense_decoder(3, SHAPE, (4, 5)),
    "convolutional encoder": lambda: build_convolutional_encoder(
        SHAPE, 3, (4, 5)
    ),
    "convolutional decoder": lambda: build_convolutional_decoder(
        3, SHAPE, (5, 4)
    ),
    "logits": lambda: build_convolutional_decoder(
        3, SHAPE, (5, 4), output_activation="linear"
    ),
}
PAIRS = {
    "dense": (build_dense_encoder, build_dense_decoder, (5, 4)),
    "convolutional": (
        build_convolutional_encoder,
        build_convolutional_decoder,
        (3, 5),
    ),
}
every_network = pytest.mark.parametrize("name", NETWORKS)
every_pair = pytest.mark.parametrize("pair", PAIRS)


@every_pair
@pytest.mark.parametrize(
    "shape",
    [(28, 28, 1), (32, 32, 3), (64, 64, 3), (16, 24, 2), (4, 4, 5)],
    ids=str,
)
def test_there_and_back(pair, shape):
    build_encoder, build_decoder, widths = PAIRS[pair]
    encoder = build_encoder(shape, 7, widths)
    decoder = build_decoder(7, shape, widths[::-1])
    assert (encoder.name, decoder.name) == ("encoder", "decoder")
    images = gan_pairs.images_of((2, *shape))
    codes = encoder(images)
    assert codes.shape == (2, 7)
    answers = decoder(codes)
    assert answers.shape == images.shape
    assert np.max(np.abs(answers)) <= 1


def test_widths_are_the_given_ones():
    """Against the parameters counted by hand."""
    # 8 * 12 * 2 = 192 pixels.
    count = gan_pairs.trainable_count
    assert count(NETWORKS["dense encoder"]()) == (193 * 5 + 6 * 4 + 5 * 3)
    assert count(NETWORKS["dense decoder"]()) == (4 * 4 + 5 * 5 + 6 * 192)
    # 4x4 kernels; 2x3 pixels of 5 channels remain.
    assert count(NETWORKS["convolutional encoder"]()) == (
        (16 * 2 + 1) * 4 + (16 * 4 + 1) * 5 + (2 * 3 * 5 + 1) * 3
    )
    assert count(NETWORKS["convolutional decoder"]()) == (
        (3 + 1) * 2 * 3 * 5 + 16 * 5 * 4 + 4 + 16 * 4 * 2 + 2
    )


def test_without_hidden_layers_the_dense_pair_is_linear():
    encoder = build_dense_encoder(SHAPE, 3, ())
    decoder = build_dense_decoder(3, SHAPE, (), output_activation="linear")
    gan_pairs.shake(encoder)
    gan_pairs.shake(decoder)
    first, second = gan_pairs.images_of((2, 1, *SHAPE))

    def answer(images):
        return np.array(decoder(encoder(images)))

    offset = answer(np.zeros_like(first))
    np.testing.assert_allclose(
        answer(first + second) - offset,
        answer(first) + answer(second) - 2 * offset,
        atol=1e-4,
    )


@every_pair
@pytest.mark.parametrize(
    ("activation", "least", "largest"),
    [("linear", -np.inf, np.inf), ("relu", 0, np.inf), ("sigmoid", 0, 1)],
)
def test_code_activations(pair, activation, least, largest):
    build_encoder, _, widths = PAIRS[pair]
    encoder = build_encoder(SHAPE, 30, widths, code_activation=activation)
    gan_pairs.shake(encoder)
    codes = np.array(encoder(gan_pairs.images_of((8, *SHAPE))))
    assert codes.min() >= least
    assert codes.max() <= largest
    assert np.any(codes < 0) == (activation == "linear")
    assert np.any(codes == 0) == (activation == "relu")


@every_pair
def test_variational_encoders_answer_by_name(pair, tmp_path):
    build_encoder, _, widths = PAIRS[pair]
    encoder = build_encoder(SHAPE, 3, widths, variational=True)
    gan_pairs.shake(encoder)
    images = gan_pairs.images_of((4, *SHAPE))
    outputs = encoder(images)
    assert set(outputs) == {"mean", "log_variance"}
    assert outputs["mean"].shape == outputs["log_variance"].shape == (4, 3)
    assert np.any(outputs["mean"] != outputs["log_variance"])
    # The names survive: nothing depends on an order.
    encoder.save(tmp_path / "encoder.keras")
    revived = keras.saving.load_model(tmp_path / "encoder.keras")
    clone = keras.models.clone_model(encoder)
    clone.set_weights(encoder.get_weights())
    mean = encoder.get_layer("mean")
    assert mean.output is encoder.output["mean"]
    for twin in (revived, clone):
        for name, value in outputs.items():
            np.testing.assert_array_equal(twin(images)[name], value)


@every_network
def test_clone_model(name):
    gan_pairs.check_clone(NETWORKS[name]())


@every_network
def test_save_and_load(name, tmp_path):
    gan_pairs.check_save_and_load(NETWORKS[name](), tmp_path / "network.keras")


@every_network
def test_gradients_reach_every_weight(name):
    gan_pairs.check_gradients(NETWORKS[name]())


@every_network
@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_answers_in_float32(policy, name, half):
    gan_pairs.check_mixed_precision(NETWORKS[name], policy, half)


def test_own_initial_values():
    encoder = build_dense_encoder((2, 2, 1), 4, (4, 4), variational=True)
    # Two hidden layers and two heads, all 4 x 4.
    gan_pairs.check_own_initial_values(encoder)
    decoder = build_convolutional_decoder(3, (16, 16, 4), (4, 4, 4))
    assert gan_pairs.check_own_initial_values(decoder) > 0


@every_pair
def test_logits_are_the_tanh_pictures_without_their_end(pair):
    _, build_decoder, widths = PAIRS[pair]
    pictures = build_decoder(3, SHAPE, widths)
    logits = build_decoder(3, SHAPE, widths, output_activation="linear")
    gan_pairs.shake(pictures)
    logits.set_weights(pictures.get_weights())
    codes = 3 * gan_pairs.normal((4, 3))
    np.testing.assert_allclose(
        np.tanh(logits(codes)), pictures(codes), atol=1e-5
    )


IMAGE_MESSAGE = (
    "`image_shape` must be `(height, width, channels)`, all integers >= 1. "
    "Received: image_shape={}."
)


@every_pair
@pytest.mark.parametrize(
    "shape", [(8, 8), (8, 8, 0), (None, 8, 1), (8, 8.0, 1)], ids=str
)
def test_image_shapes_are_checked(pair, shape):
    build_encoder, build_decoder, widths = PAIRS[pair]
    message = re.escape(IMAGE_MESSAGE.format(shape))
    for build in (
        lambda: build_encoder(shape, 3, widths),
        lambda: build_decoder(3, shape, widths),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            build()


@pytest.mark.parametrize("shape", [(28, 30, 1), (30, 28, 1)], ids=str)
def test_sides_must_be_halved(shape):
    message = (
        "Height and width must be multiples of 4, because each of 2 "
        f"convolutions halves them. Received: image_shape={shape}. Resize the "
        "images, or give fewer `filters`."
    )
    for build in (
        lambda: build_convolutional_encoder(shape, 3),
        lambda: build_convolutional_decoder(3, shape),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: build_dense_encoder(SHAPE, 0),
            "`code_dim` must be an integer >= 1. Received: code_dim=0.",
        ),
        (
            lambda: build_convolutional_decoder(2.0, SHAPE),
            "`code_dim` must be an integer >= 1. Received: code_dim=2.0.",
        ),
        (
            lambda: build_dense_decoder(3, SHAPE, (4, 0)),
            "`hidden_units` must be a tuple of integers >= 1. "
            "Received: hidden_units=(4, 0).",
        ),
        (
            lambda: build_convolutional_encoder(SHAPE, 3, (None,)),
            "`filters` must be a tuple of integers >= 1. "
            "Received: filters=(None,).",
        ),
        (
            lambda: build_convolutional_encoder(SHAPE, 3, ()),
            "`len(filters)` must be an integer >= 1. Received: len(filters)=0.",
        ),
        (
            lambda: build_dense_encoder(SHAPE, 3, code_activation="tanh"),
            "`code_activation` must be one of ['linear', 'relu', 'sigmoid']. "
            "Received: code_activation='tanh'.",
        ),
        (
            lambda: build_dense_encoder(
                SHAPE, 3, code_activation="relu", variational=True
            ),
            '`code_activation` must be "linear" with `variational=True`: a '
            "mean and the logarithm of a variance are any numbers. Received: "
            "code_activation='relu'.",
        ),
        (
            lambda: build_dense_decoder(3, SHAPE, output_activation="sigmoid"),
            "`output_activation` must be one of ['linear', 'tanh']. "
            "Received: output_activation='sigmoid'.",
        ),
    ],
    ids=[
        "code_dim",
        "float",
        "hidden_units",
        "filters",
        "no filters",
        "code_activation",
        "variational",
        "output_activation",
    ],
)
def test_arguments_are_checked(build, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        build()
