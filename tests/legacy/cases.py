"""Single layers, optimizers and image operations, for both worlds.

As in `networks.py`, `keras` and `tfa` are those of TensorFlow 2.15 or of
today. What is random is drawn by NumPy, by the name of the case, so that both
worlds get the same numbers.
"""

import zlib

import numpy as np

IMAGES = (2, 6, 4, 4)
# name: (input shape, function of `keras` and `tfa` that makes the layer).
LAYERS = {
    "instance_norm": (IMAGES, lambda k, t: t.layers.InstanceNormalization()),
    "instance_norm_plain": (
        IMAGES,
        lambda k, t: t.layers.InstanceNormalization(
            epsilon=1e-5, center=False, scale=False
        ),
    ),
    "instance_norm_channels_first": (
        (2, 4, 6, 4),
        lambda k, t: t.layers.InstanceNormalization(axis=1),
    ),
    "instance_norm_of_rows": (
        (2, 12, 4),
        lambda k, t: t.layers.InstanceNormalization(center=False),
    ),
    "group_norm": (
        (2, 1, 3, 64),
        lambda k, t: t.layers.GroupNormalization(),
    ),
    "group_norm_two": (IMAGES, lambda k, t: t.layers.GroupNormalization(2)),
    "group_norm_one": (
        IMAGES,
        lambda k, t: t.layers.GroupNormalization(groups=1, scale=False),
    ),
    "group_norm_channels_first": (
        (2, 4, 6, 4),
        lambda k, t: t.layers.GroupNormalization(2, axis=1),
    ),
    "spectral_norm_dense": (
        (3, 5),
        lambda k, t: t.layers.SpectralNormalization(k.layers.Dense(4)),
    ),
    "spectral_norm_conv": (
        IMAGES,
        lambda k, t: t.layers.SpectralNormalization(
            k.layers.Conv2D(3, 3, activation="relu"), power_iterations=2
        ),
    ),
    "spectral_norm_conv_transpose": (
        IMAGES,
        lambda k, t: t.layers.SpectralNormalization(
            k.layers.Conv2DTranspose(3, 3, strides=2, padding="same")
        ),
    ),
    "adaptive_average_pooling": (
        IMAGES,
        lambda k, t: t.layers.AdaptiveAveragePooling2D((3, 2)),
    ),
    "adaptive_average_pooling_channels_first": (
        (2, 4, 6, 4),
        lambda k, t: t.layers.AdaptiveAveragePooling2D(
            2, data_format="channels_first"
        ),
    ),
    "adaptive_max_pooling": (
        IMAGES,
        lambda k, t: t.layers.AdaptiveMaxPooling2D(2),
    ),
    "weight_norm_dense": (
        (6, 5),
        lambda k, t: t.layers.WeightNormalization(
            k.layers.Dense(4, activation="tanh")
        ),
    ),
    "weight_norm_dense_without_data": (
        (6, 5),
        lambda k, t: t.layers.WeightNormalization(
            k.layers.Dense(4), data_init=False
        ),
    ),
    "weight_norm_conv": (
        IMAGES,
        lambda k, t: t.layers.WeightNormalization(
            k.layers.Conv2D(3, 3, activation="relu")
        ),
    ),
    "weight_norm_conv_without_bias": (
        IMAGES,
        lambda k, t: t.layers.WeightNormalization(
            k.layers.Conv2D(3, 3, use_bias=False)
        ),
    ),
    "weight_norm_conv_transpose": (
        IMAGES,
        lambda k, t: t.layers.WeightNormalization(
            k.layers.Conv2DTranspose(3, 3), data_init=False
        ),
    ),
    "maxout": ((3, 6), lambda k, t: t.layers.Maxout(2)),
    "maxout_channels_first": ((2, 6, 3, 4), lambda k, t: t.layers.Maxout(3, 1)),
}
# name: function of `keras` and `tfa` that makes the optimizer.
OPTIMIZERS = {
    "adamw": lambda k, t: t.optimizers.AdamW(weight_decay=0.01),
    "adamw_schedule": lambda k, t: t.optimizers.AdamW(
        weight_decay=0.02,
        learning_rate=k.optimizers.schedules.PiecewiseConstantDecay(
            [1], [0.1, 0.01]
        ),
        beta_1=0.5,
        amsgrad=True,
    ),
    "sgdw": lambda k, t: t.optimizers.SGDW(
        weight_decay=0.01, learning_rate=0.1, momentum=0.9, nesterov=True
    ),
    "lamb": lambda k, t: t.optimizers.LAMB(learning_rate=0.1),
}
NUM_STEPS = 4
VARIABLES = {"kernel": (3, 2), "bias": (2,)}
# name: (shape of the images, function of `tfa` and the images).
IMAGE_OPERATIONS = {
    "rotate": (
        (1, 7, 8, 2),
        lambda t, x: t.image.rotate(x, np.float32(0.5)),
    ),
    "rotate_each": (
        (2, 6, 9, 1),
        lambda t, x: t.image.rotate(
            x,
            np.array([0.3, -2.0], "float32"),
            interpolation="bilinear",
            fill_mode="reflect",
        ),
    ),
    "rotate_one_image": (
        (6, 6, 3),
        lambda t, x: t.image.rotate(
            x, np.float32(1.0), interpolation="bilinear", fill_value=0.5
        ),
    ),
    "translate": (
        (1, 6, 8, 2),
        lambda t, x: t.image.translate(x, np.array([2.0, -1.0], "float32")),
    ),
    "translate_each": (
        (2, 6, 8, 2),
        lambda t, x: t.image.translate(
            x,
            np.array([[0.5, 1.0], [-3.0, 0.25]], "float32"),
            interpolation="bilinear",
            fill_mode="nearest",
        ),
    ),
    "transform": (
        (2, 6, 6, 1),
        lambda t, x: t.image.transform(
            x, [1.1, 0.2, -1.0, -0.1, 0.9, 0.5, 0.01, 0.0]
        ),
    ),
    "gaussian_filter": (
        (2, 6, 8, 3),
        lambda t, x: t.image.gaussian_filter2d(x),
    ),
    "gaussian_filter_wide": (
        (1, 9, 8, 2),
        lambda t, x: t.image.gaussian_filter2d(
            x, (4, 5), (0.5, 2.0), padding="CONSTANT", constant_values=1
        ),
    ),
    "gaussian_filter_one_image": (
        (7, 6),
        lambda t, x: t.image.gaussian_filter2d(x, 3, 0.7, padding="SYMMETRIC"),
    ),
}


def draw(name, shape):
    """Normal numbers that depend on their name, as float32.

    They are multiples of 1/32, which files compress to a third.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return (np.round(32 * rng.normal(size=shape)) / 32).astype("float32")


def gradients_of(name):
    """The gradients of `VARIABLES` in each step, of some cases and sizes."""
    return [
        {
            variable: draw(f"{name}/{step}/{variable}", shape)
            for variable, shape in VARIABLES.items()
        }
        for step in range(NUM_STEPS)
    ]
