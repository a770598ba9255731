"""How a trained network runs: which statistics it uses, and whether by chance.

Keras has one switch, `training`. pix2pix needs two: its authors test with the
batch statistics and the dropout of training, and neither must move anything.
"""

import itertools

import keras
import numpy as np
from keras import layers, ops

from keras_gans.layers import InstanceNormalization

NORM_MODES = ("instance", "batch", "running")
_DROPOUTS = (False, True, "fixed")


@keras.saving.register_keras_serializable(package="keras_gans")
class SteadyDropout(layers.Dropout):
    """Dropout that is on outside of training too: the noise of pix2pix."""

    def call(self, inputs, training=False):
        del training
        return super().call(inputs, training=True)


@keras.saving.register_keras_serializable(package="keras_gans")
class FixedDropout(layers.Dropout):
    """Dropout whose noise was drawn once: one mask for all images.

    The mask follows from `seed`, an integer, and the shape of an image.
    """

    def build(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                "Fixed dropout needs images of one size: its mask has that "
                f"size. Received: features of shape {tuple(input_shape)}."
            )
        rng = np.random.default_rng(self.seed)
        kept = rng.random(input_shape[1:]) >= self.rate
        self._mask = (kept / (1 - self.rate)).astype("float32")[None]
        super().build(input_shape)

    def call(self, inputs, training=False):
        del training
        return inputs * ops.cast(self._mask, inputs.dtype)


@keras.saving.register_keras_serializable(package="keras_gans")
class BatchStatisticsNormalization(InstanceNormalization):
    """Batch normalization by the batch at hand, which moves nothing."""

    _axes = (0, 1, 2)


def inference_view(network, norm_mode="instance", dropout=False, seed=None):
    """Returns a model with the same weights that runs in one fixed mode.

    It shares the layers of `network`, and so follows its training; nothing
    that is asked of it moves running statistics or the dropout of training.
    Saved or exported, it stands alone.

    The paper tests as it trains: with the statistics of the batch, which is
    one image, and with dropout. At that batch size `"instance"` and `"batch"`
    are the same; in larger batches `"instance"` still gives each image what it
    would get alone, and `"batch"` mixes them. Running statistics, the way of
    Keras, are no more than a memory of the last few images there.

    Reference:

    - [Isola et al., 2017, section 3.3](https://arxiv.org/abs/1611.07004)

    Args:
        network: Built functional or sequential `keras.Model` over images.
        norm_mode: What `BatchNormalization` layers normalise by: `"instance"`,
            the statistics of each image; `"batch"`, those of the images that
            are given together; or `"running"`, the averages of training.
        dropout: Boolean, whether `Dropout` layers drop out (the paper), or
            `"fixed"`: what they drop is drawn once and is the same for all
            images. Defaults to `False`.
        seed: Integer that fixes what is dropped, or `None`.

    Returns:
        A `keras.Model` with the inputs and outputs of `network`, to be called
        with `training=False`; `network` itself, where that is already so.

    Raises:
        ValueError: If `norm_mode` or `dropout` is unknown, or a network of
            free size is to have fixed dropout.
    """
    if norm_mode not in NORM_MODES:
        raise ValueError(
            f"`norm_mode` must be one of {list(NORM_MODES)}. "
            f"Received: norm_mode={norm_mode!r}."
        )
    if dropout not in _DROPOUTS:
        raise ValueError(
            f"`dropout` must be one of {list(_DROPOUTS)}. "
            f"Received: dropout={dropout!r}."
        )
    seeds = itertools.count(seed or 0)

    def changes(layer):
        if isinstance(layer, layers.BatchNormalization):
            return norm_mode != "running"
        return dropout and type(layer) is layers.Dropout

    def replace(layer):
        if not changes(layer):
            return layer
        if isinstance(layer, layers.BatchNormalization):
            return _by_other_statistics(layer, norm_mode)
        if dropout == "fixed":
            return FixedDropout(layer.rate, seed=next(seeds), name=layer.name)
        return SteadyDropout(layer.rate, layer.noise_shape, name=layer.name)

    if not any(map(changes, network._flatten_layers(include_self=False))):
        return network
    if isinstance(network, keras.Sequential):
        # Keras clones no sequential models with a `call_function`.
        network = keras.Model(
            network.inputs[0], network.outputs[0], name=network.name
        )
    view = keras.models.clone_model(
        network,
        clone_function=replace,
        call_function=_call_without_mask,
        recursive=True,
    )
    if seed is not None:
        seed_dropout(view, seed)
    return view


def seed_dropout(view, seed):
    """Begins the dropout of a view anew, for the same outputs again.

    Args:
        view: What `inference_view` returned.
        seed: Integer >= 0.
    """
    dropouts = [
        layer
        for layer in view._flatten_layers()
        if isinstance(layer, SteadyDropout)
    ]
    for i, layer in enumerate(dropouts):
        layer.seed_generator.state.assign([seed + i, 0])


def _call_without_mask(layer, *args, mask=None, **kwargs):
    # Batch norms have an argument for it, instance norms not, images none.
    del mask
    return layer(*args, **kwargs)


def _by_other_statistics(batch_norm, norm_mode):
    layer_cls = InstanceNormalization
    if norm_mode == "batch":
        layer_cls = BatchStatisticsNormalization
    layer = layer_cls(
        batch_norm.epsilon,
        batch_norm.center,
        batch_norm.scale,
        name=batch_norm.name,
        dtype=batch_norm.dtype_policy,
    )
    # The variables themselves, not copies: they go on training.
    layer.gamma, layer.beta = batch_norm.gamma, batch_norm.beta
    layer.built = True
    return layer
