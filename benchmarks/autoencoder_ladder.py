"""Pictures, autoencoders and measures of the tables of `autoencoders.py`."""

import functools

import keras
import numpy as np

from keras_gans import (
    Autoencoder,
    DenoisingAutoencoder,
    GaussianCorruption,
    SparseAutoencoder,
    VariationalAutoencoder,
    build_dense_decoder,
    build_dense_encoder,
    data,
)
from keras_gans.features import PrincipalComponents
from keras_gans.metrics import (
    mean_over_images,
    peak_signal_to_noise_ratio,
    structural_similarity,
)

SIZE = (28, 28)
SHAPE = (*SIZE, 1)

BATCH_SIZE = 256
# Of 1e-3 and 2e-3 by the held-out error of a code of 32.
LEARNING_RATE = 2e-3
EPOCHS = 15
# Of (256,), these and (512, 256, 128) by the held-out error of a code of 32.
HIDDEN_UNITS = (512, 256)

NOISE = 0.3

SPARSE_CODE_DIM = 256
# Of (), these and (512,) by how much a KL penalty raises the held-out error.
SPARSE_HIDDEN_UNITS = (128,)
# Of 1e-3 and 3e-3 by the held-out error of the wide networks: equal without a
# penalty, a seventh less with KL of weight 1.
SPARSE_LEARNING_RATE = 3e-3
SPARSE_EPOCHS = 20
TARGET_ACTIVITY = 0.05
NEAR_TARGET = 0.2
WORSE = 0.1
SPARSE_ACTIVATIONS = {"kl": "sigmoid", "l1": "relu"}
SPARSE_WEIGHTS = {"kl": (0.5, 1.0, 2.0, 4.0), "l1": (0.01, 0.03, 0.1)}


class Split:
    """Training, held-out and test pictures, and their labels."""

    def __init__(self, folder, num_held_out):
        source = data.open_images(folder, channels=1)
        pictures = source.train.load(SIZE)
        order = np.random.default_rng(0).permutation(len(pictures))
        held_out, train = np.split(order, [num_held_out])
        self.train_set = data.ArrayImages(pictures[train], "train")
        self.train = data.to_float(pictures[train])
        self.train_labels = source.train_labels[train]
        self.held_out = data.to_float(pictures[held_out])
        self.test = data.to_float(source.test.load(SIZE))
        self.test_labels = source.test_labels


def networks(
    code_dim,
    hidden_units=HIDDEN_UNITS,
    activation="linear",
    variational=False,
    output_activation="tanh",
):
    """Dense encoder and decoder, drawn with one seed."""
    keras.utils.set_random_seed(0)
    encoder = build_dense_encoder(
        SHAPE, code_dim, hidden_units, activation, variational
    )
    decoder = build_dense_decoder(
        code_dim, SHAPE, hidden_units[::-1], output_activation
    )
    return encoder, decoder


def train(
    model, images, epochs=EPOCHS, learning_rate=LEARNING_RATE, **compile_options
):
    """Adam, whose learning rate falls to zero along half a cosine."""
    steps = epochs * -(-len(images) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), **compile_options)
    model.fit(images, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return model


@functools.cache
def fit_components(pictures, code_dim):
    return PrincipalComponents(code_dim).fit(pictures.train)


@functools.cache
def train_undercomplete(pictures, code_dim):
    return train(Autoencoder(*networks(code_dim)), pictures.train)


@functools.cache
def train_denoising(pictures, code_dim):
    corruption = GaussianCorruption(NOISE, seed=0)
    model = DenoisingAutoencoder(*networks(code_dim), corruption)
    return train(model, pictures.train)


@functools.cache
def train_variational(pictures, code_dim, variance=None):
    """Of a Gaussian likelihood of that variance, or of Bernoulli's."""
    if variance is None:
        options = {"likelihood": "bernoulli"}
        output_activation = "linear"
    else:
        options = {"likelihood": "gaussian", "variance": variance}
        output_activation = "tanh"
    encoder, decoder = networks(
        code_dim, variational=True, output_activation=output_activation
    )
    model = VariationalAutoencoder(encoder, decoder, seed=0, **options)
    return train(model, pictures.train)


@functools.cache
def train_plain(pictures, activation, hidden_units=SPARSE_HIDDEN_UNITS):
    """What sparse autoencoders are compared with."""
    return train(
        Autoencoder(*networks(SPARSE_CODE_DIM, hidden_units, activation)),
        pictures.train,
        SPARSE_EPOCHS,
        SPARSE_LEARNING_RATE,
    )


@functools.cache
def train_sparse(pictures, penalty, weight, hidden_units=SPARSE_HIDDEN_UNITS):
    activation = SPARSE_ACTIVATIONS[penalty]
    return train(
        SparseAutoencoder(*networks(SPARSE_CODE_DIM, hidden_units, activation)),
        pictures.train,
        SPARSE_EPOCHS,
        SPARSE_LEARNING_RATE,
        penalty=penalty,
        penalty_weight=weight,
        target_activity=TARGET_ACTIVITY,
    )


@functools.cache
def choose_weight(pictures, penalty):
    """The weight to test, by the held-out pictures.

    With KL, of those that reach the target the one that leaves the smallest
    error; with L1, the largest one whose error is not too much worse than
    without a penalty. If there is none, the one that comes nearest.
    """
    images = pictures.held_out
    models = {
        weight: train_sparse(pictures, penalty, weight)
        for weight in SPARSE_WEIGHTS[penalty]
    }
    errors = {
        weight: restoration_error(model, images)
        for weight, model in models.items()
    }
    if penalty == "kl":
        reaching = [
            weight
            for weight, model in models.items()
            if near_target(activity(model, images))
        ]
        return min(reaching or [max(models)], key=errors.get)
    plain = train_plain(pictures, SPARSE_ACTIVATIONS[penalty])
    limit = (1 + WORSE) * restoration_error(plain, images)
    within = [weight for weight in models if errors[weight] < limit]
    return max(within or [min(models)])


def squared_error(images, reconstructions):
    differences = np.subtract(images, reconstructions, dtype="float64")
    return float(np.square(differences).sum(axis=(1, 2, 3)).mean())


def restoration_error(model, images):
    return squared_error(images, model.reconstruct(images))


def psnr(images, others):
    return mean_over_images(peak_signal_to_noise_ratio, images, others)


def ssim(images, others):
    return mean_over_images(structural_similarity, images, others)


def activity(model, images):
    return float(model.encode(images).mean())


def near_target(value):
    return abs(value - TARGET_ACTIVITY) <= NEAR_TARGET * TARGET_ACTIVITY


def say(text):
    print(text, flush=True)


def print_table(titles, rows):
    say("")
    for row in (titles, ["---"] * len(titles), *rows):
        say(f"| {' | '.join(row)} |")


def print_claims(claims):
    say("")
    for text, holds in claims:
        say(f"- {'Holds' if holds else 'DOES NOT HOLD'}: {text}.")
