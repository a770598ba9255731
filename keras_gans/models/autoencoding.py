"""What all autoencoders share: the way to a code, and the way back."""

import abc
import contextlib
import functools
import operator
import re

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_gans import latents
from keras_gans.metrics import (
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from keras_gans.models.base import BaseModel, same_shape

_LOGS = ("loss", "reconstruction_loss", "mse")
_TEST_LOGS = ("psnr", "ssim")
# `train_step` would leave them unused.
_NOT_OF_COMPILE = ("loss", "loss_weights", "metrics", "weighted_metrics")
_ROUNDING = 1e-3


class AutoencodingModel(BaseModel):
    """Abstract base of models that learn to code images and to decode them.

    `model(images)` and `predict` reconstruct. Subclasses are final, and
    implement `_objective`: what is minimised, and what is logged of it.

    All log `loss`, which is the sum that is minimised, `reconstruction_loss`,
    its first term, and `mse`, the mean squared error of a pixel. `evaluate`
    adds PSNR (decibels, at most 100) and SSIM of pictures in [0, 1].

    Args:
        encoder: Built model from images `(batch, height, width, channels)`,
            float32 in [-1, 1], to codes.
        decoder: Built model from codes to images.
        logs: Names of further logs.
        **kwargs: Base model keyword arguments (e.g. `name`).
    """

    def __init__(self, encoder, decoder, logs=(), **kwargs):
        _check_fit(encoder, self._code(encoder.output).shape[1:], decoder)
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self._finish_init(
            [keras.metrics.Mean(name) for name in (*_LOGS, *logs, *_TEST_LOGS)]
        )

    @abc.abstractmethod
    def _objective(self, images, training):
        """Returns the loss, a dictionary of logs, and the reconstructions."""

    def _code(self, encoder_outputs):
        """What of the encoder's outputs is the code."""
        return encoder_outputs

    def _images(self, decoder_outputs):
        """The images in [-1, 1] that the decoder's outputs stand for."""
        return decoder_outputs

    def optimizers(self):
        return {"optimizer": self.optimizer}

    def export_networks(self):
        return {"encoder": self.encoder, "decoder": self.decoder}

    def compile(self, optimizer=None, **kwargs):
        """Sets the optimizer.

        Args:
            optimizer: `keras.optimizers.Optimizer`, its name or config.
                Defaults to Adam with a learning rate of 1e-3.
            **kwargs: `accumulate_steps`, as of `BaseModel.compile`, and those
                of `keras.Model.compile`, such as `jit_compile`; no losses and
                no metrics.

        Raises:
            ValueError: If there are losses or metrics.
        """
        unused = sorted(kwargs.keys() & set(_NOT_OF_COMPILE))
        if unused:
            raise ValueError(
                f"`compile` must not be given {unused}: an autoencoder has "
                "its loss and its metrics. Leave them out."
            )
        optimizer = self._prepare_optimizer(
            optimizer, self.trainable_variables, keras.optimizers.Adam
        )
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, images, training=False):
        codes = self._code(self.encoder(images, training=training))
        return self._images(self.decoder(codes, training=training))

    def encode(self, images):
        """Returns the codes of images.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1], or a
                data set of batches of them.

        Returns:
            A NumPy array `(n, ...)` of what the encoder makes of each.
        """
        return self._code(self.encoder.predict(images, verbose=0))

    def decode(self, codes):
        """Returns the images of codes.

        Args:
            codes: Float array `(n, ...)`, such as `encode` returns.

        Returns:
            A NumPy array `(n, height, width, channels)` in [-1, 1].
        """
        outputs = self.decoder.predict(codes, verbose=0)
        return ops.convert_to_numpy(self._images(outputs))

    def reconstruct(self, images):
        """Returns what is left of images on the way through their codes.

        Args:
            images: As of `encode`.

        Returns:
            A NumPy array `(n, height, width, channels)` in [-1, 1].
        """
        return self.predict(images, verbose=0)

    def interpolate(self, images, others, num_steps, method="linear"):
        """Decodes paths from the codes of some images to those of others.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1].
            others: The same shape.
            num_steps: Integer >= 2, points on each path, both ends included.
            method: `"linear"` or `"spherical"`, of
                `keras_gans.latents.interpolate`. Defaults to `"linear"`.

        Returns:
            A NumPy array `(num_steps, n, height, width, channels)`.

        Raises:
            ValueError: If shapes differ or an argument is out of range.
        """
        start, end = self.encode(images), self.encode(others)
        path = latents.interpolate(
            start.reshape(len(start), -1),
            end.reshape(len(end), -1),
            num_steps,
            method,
        )
        pictures = self.decode(path.reshape(-1, *start.shape[1:]))
        return pictures.reshape(num_steps, len(start), *pictures.shape[1:])

    def reconstruction_errors(self, images):
        """Returns how badly each image is reconstructed.

        What a model has not learned to code it reconstructs badly: the error
        is a score of how anomalous an image is, for a model of normal ones.

        Reference:

        - [Sakurada & Yairi, 2014](https://doi.org/10.1145/2689746.2689747)

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1]; no
                data set.

        Returns:
            A float32 NumPy array `(n,)`: squared errors, summed over the
            pixels and channels of an image.

        Raises:
            TypeError: If `images` is a data set.
            ValueError: If `images` has another shape or range.
        """
        images = self._array(images)
        errors = np.square(images - self.reconstruct(images))
        return np.sum(errors, axis=(1, 2, 3))

    def traverse(self, images, unit, values):
        """Decodes codes of images in which one number is set to values.

        It shows what that number of the code stands for.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1].
            unit: Integer >= 0, place of the number in the flat code.
            values: Sequence of floats.

        Returns:
            A NumPy array `(len(values), n, height, width, channels)`.

        Raises:
            TypeError: If `images` is a data set.
            ValueError: If an argument has another shape or is out of range.
        """
        values = np.asarray(values, "float32")
        if values.ndim != 1 or not values.size:
            raise ValueError(
                "`values` must be a sequence of one number or more. "
                f"Received: values of shape {values.shape}."
            )
        codes = self.encode(self._array(images))
        flat = codes.reshape(len(codes), -1)
        if not 0 <= operator.index(unit) < flat.shape[1]:
            raise ValueError(
                f"`unit` must be in [0, {flat.shape[1]}), the numbers of a "
                f"code. Received: unit={unit}."
            )
        changed = np.tile(flat, (len(values), 1, 1))
        changed[:, :, unit] = values[:, None]
        pictures = self.decode(changed.reshape(-1, *codes.shape[1:]))
        return pictures.reshape(len(values), len(codes), *pictures.shape[1:])

    def perturb(self, images, scale, seed):
        """Decodes codes of images to which Gaussian noise is added.

        How far the noise moves a number of the code is in proportion to how
        far the images do, so that models of other scales compare. Where the
        pictures stay meaningful, the space between the codes is filled.

        Args:
            images: Float array `(n, height, width, channels)` in [-1, 1], of
                two images or more.
            scale: Float >= 0. The deviation of the noise is `scale` times the
                deviation, over the images, of each number of the code.
            seed: Integer >= 0; the same one gives the same pictures.

        Returns:
            A NumPy array `(n, height, width, channels)`.

        Raises:
            TypeError: If `images` is a data set.
            ValueError: If an argument has another shape or is out of range.
        """
        if not 0 <= scale < float("inf"):
            raise ValueError(f"`scale` must be >= 0. Received: scale={scale}.")
        images = self._array(images)
        if len(images) < 2:
            raise ValueError(
                "`images` must be two or more, for their codes to have a "
                f"deviation. Received: {len(images)}."
            )
        codes = self.encode(images)
        noise = np.random.default_rng(seed).normal(size=codes.shape)
        noise *= scale * np.std(codes, axis=0)
        return self.decode(codes + noise.astype("float32"))

    def fit(self, *args, **kwargs):
        with _plain_range_errors():
            return super().fit(*args, **kwargs)

    def evaluate(self, *args, **kwargs):
        with _plain_range_errors():
            return super().evaluate(*args, **kwargs)

    def train_step(self, data):
        images = self._unpack(data)
        loss, logs, reconstructions = self._take_turn(
            functools.partial(self._objective, training=True),
            self._parts(images),
            self.optimizer,
            self.trainable_variables,
        )
        return self._log(
            loss=loss, **logs, mse=_mean_squared_error(images, reconstructions)
        )

    def test_step(self, data):
        images = self._unpack(data)
        loss, logs, reconstructions = self._objective(images, training=False)
        return self._log(
            loss=loss,
            **logs,
            mse=_mean_squared_error(images, reconstructions),
            psnr=ops.mean(peak_signal_to_noise_ratio(images, reconstructions)),
            ssim=ops.mean(structural_similarity(images, reconstructions)),
        )

    def _array(self, images):
        """Checked images as a NumPy array."""
        if isinstance(images, tf.data.Dataset):
            raise TypeError(
                "`images` must be an array `(n, height, width, channels)`. "
                "Received: a data set. Give its batches one by one."
            )
        return ops.convert_to_numpy(self._unpack(ops.convert_to_tensor(images)))

    def _unpack(self, data):
        images, targets, weights = keras.utils.unpack_x_y_sample_weight(data)
        if targets is not None or weights is not None:
            raise ValueError(
                "An autoencoder must be given batches of images alone: its "
                "target is its input. Received: batches with labels, targets "
                "or weights."
            )
        received, expected = images.shape[1:], self.encoder.input_shape[1:]
        if not same_shape(received, expected):
            # Keras would add an axis, and the loss would broadcast.
            raise ValueError(
                "The images must have the shape that `encoder` takes. "
                f"Received: images of shape {tuple(received)}, encoder with "
                f"input shape {expected}."
            )
        return check_range(
            ops.cast(images, keras.config.floatx()),
            -1.0,
            1.0,
            "Images must be in [-1, 1]: scale bytes by x / 127.5 - 1.",
        )

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }


def check_range(values, least, largest, sentence):
    """Returns `values`; a step in which some are out of range fails.

    In the graph, for every batch: it costs next to nothing beside a step, and
    sees what a look at the first batch would not. XLA leaves it out.

    Raises:
        ValueError: With `sentence`, in eager mode. From a graph it is an error
            of TensorFlow's, and `fit` and `evaluate` raise the `ValueError`.
    """
    is_in_range = ops.all(
        (values >= least - _ROUNDING) & (values <= largest + _ROUNDING)
    )
    found = ops.min(values), ops.max(values)
    if tf.executing_eagerly():
        if not is_in_range:
            raise ValueError(_range_error(sentence, *found))
        return values
    check = tf.debugging.Assert(is_in_range, [sentence, *found])
    with tf.control_dependencies([check]):
        return tf.identity(values)


@contextlib.contextmanager
def _plain_range_errors():
    """Brings the sentence of `check_range` out of TensorFlow's error."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        found = re.search(
            r"assertion failed: \[(.+)\] \[(\S+)\] \[(\S+)\]", error.message
        )
        if found is None:
            raise
        raise ValueError(_range_error(*found.groups())) from error


def _range_error(sentence, least, largest):
    return (
        f"{sentence} Received: values from {float(least):.4g} to "
        f"{float(largest):.4g}."
    )


def _mean_squared_error(images, reconstructions):
    return ops.mean(ops.square(images - reconstructions))


def _check_fit(encoder, code_shape, decoder):
    """Refuses networks that do not lead back to where they started."""
    image_shape = encoder.input_shape[1:]
    if len(image_shape) != 3:
        raise ValueError(
            "`encoder` must take images `(batch, height, width, channels)`. "
            f"Received: encoder with input shape {image_shape}."
        )
    if not same_shape(code_shape, decoder.input_shape[1:]):
        raise ValueError(
            "`decoder` must take the codes that `encoder` makes. Received: "
            f"encoder with codes of shape {tuple(code_shape)}, decoder with "
            f"input shape {decoder.input_shape[1:]}."
        )
    if not same_shape(image_shape, decoder.output_shape[1:]):
        raise ValueError(
            "`decoder` must make images of the shape that `encoder` takes. "
            f"Received: encoder with input shape {image_shape}, decoder with "
            f"output shape {decoder.output_shape[1:]}."
        )
