"""The table of `autoencoders.py` on likelihoods, of binarised digits."""

import keras
import tensorflow as tf
from autoencoder_ladder import SIZE, networks, print_table, say

from keras_gans import VariationalAutoencoder, data

MNIST_CODE_DIM = 50
MNIST_HIDDEN_UNITS = (200, 200)
# Of 3e-4 and 1e-3 by the held-out ELBO.
MNIST_LEARNING_RATE = 3e-4
MNIST_BATCH_SIZE = 100
MNIST_PATIENCE = 40
# https://github.com/clementchadebec/benchmark_VAE, examples/scripts/
# reproducibility; it says nothing of training and test digits but "binary".
PUBLISHED = (
    ("VAE, pythae (paper: 89.9)", "50,000 or 60,000", "10,000", "200", 89.78),
    (
        "IWAE of 50 samples, pythae (paper: 87.1)",
        "50,000 or 60,000",
        "10,000",
        "5,000",
        86.82,
    ),
)


def print_likelihood(pictures):
    model, epochs = train_on_digits(pictures)
    test = data.binarize(pictures.test, seed=0)
    bounds = -model.negative_log_likelihood(test, 1, seed=0)
    values = model.negative_log_likelihood(test, 200, seed=0)
    few = test[::10]
    say(
        f"Binary MNIST, in nats. {len(pictures.train):,} training digits, "
        "drawn black and white anew in each epoch, and "
        f"{len(pictures.held_out)} held-out ones, drawn once, whose ELBO ended "
        f"the training (after {epochs} epochs; {MNIST_PATIENCE} without a "
        "better one). The 10,000 test digits were drawn once, with seed 0. "
        f"Dense networks of {MNIST_HIDDEN_UNITS} ReLU units (Burda et al. have "
        f"tanh), a code of {MNIST_CODE_DIM}, Bernoulli likelihood. The "
        "published figures are of ten times as many training digits and of "
        "other draws, the lower one of another bound as well: they are no "
        "rivals. How much of the difference the missing digits make was not "
        "measured."
    )
    trained_on = f"{len(pictures.train):,}"
    rows = [
        ["ours: - ELBO", trained_on, f"{len(test):,}", "1", -bounds.mean()],
        ["ours", trained_on, f"{len(test):,}", "200", values.mean()],
    ]
    for num_samples in (200, 5000):
        estimates = model.negative_log_likelihood(few, num_samples, seed=0)
        rows.append(
            [
                "ours",
                trained_on,
                f"{len(few):,}",
                f"{num_samples:,}",
                estimates.mean(),
            ]
        )
    print_table(
        ["", "training digits", "test digits", "samples", "- log p(x)"],
        [[*row[:-1], f"{row[-1]:.2f}"] for row in (*rows, *PUBLISHED)],
    )
    say(
        f"\nActive units on the test digits: {model.active_units(test).sum()} "
        f"of {MNIST_CODE_DIM}. KL: {model.kl_per_dimension(test).sum():.2f} "
        "nats. Standard error of the mean over the digits, of 200 samples: "
        f"{values.std() / len(values) ** 0.5:.2f}."
    )


def train_on_digits(pictures):
    """Returns the best model by held-out digits, and how many epochs ran."""
    pipeline = data.ImagePipeline(
        pictures.train_set,
        SIZE,
        batch_size=MNIST_BATCH_SIZE,
        seed=0,
        binarize=True,
    )
    held_out = data.binarize(pictures.held_out, seed=0)
    model = VariationalAutoencoder(
        *networks(
            MNIST_CODE_DIM,
            MNIST_HIDDEN_UNITS,
            variational=True,
            output_activation="linear",
        ),
        seed=0,
    )
    model.compile(keras.optimizers.Adam(MNIST_LEARNING_RATE))
    history = model.fit(
        pipeline.dataset(),
        epochs=1000,
        steps_per_epoch=pipeline.steps_per_epoch,
        validation_data=tf.data.Dataset.from_tensors(held_out),
        callbacks=[
            keras.callbacks.EarlyStopping(
                "val_elbo",
                mode="max",
                patience=MNIST_PATIENCE,
                restore_best_weights=True,
            )
        ],
        shuffle=False,
        verbose=0,
    )
    return model, len(history.epoch)
