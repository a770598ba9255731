"""How a trained network runs: which statistics it uses, and whether by chance.

Keras has one switch, `training`. pix2pix needs two: its authors test with the
batch statistics and the dropout of training, and neither must move anything.
"""

import keras
from keras import layers

from keras_gans.layers import InstanceNormalization

NORM_MODES = ("batch", "running")


@keras.saving.register_keras_serializable(package="keras_gans")
class SteadyDropout(layers.Dropout):
    """Dropout that is on outside of training too: the noise of pix2pix."""

    def call(self, inputs, training=False):
        del training
        return super().call(inputs, training=True)


def inference_view(network, norm_mode="batch", dropout=False, seed=None):
    """Returns a model with the same weights that runs in one fixed mode.

    It shares the layers of `network`, and so follows its training; nothing
    that is asked of it moves running statistics or the dropout of training.
    Saved or exported, it stands alone.

    The `"batch"` of pix2pix is one image, so here each image is normalised by
    its own statistics, whatever the batch that it comes in: batch norms become
    instance norms. That is what the network was trained with at batch size 1,
    where running statistics are no more than a memory of the last few images.

    Reference:

    - [Isola et al., 2017, section 3.3](https://arxiv.org/abs/1611.07004)

    Args:
        network: Built functional or sequential `keras.Model` over images.
        norm_mode: `"batch"`, each image by its own statistics (the paper), or
            `"running"`, all by the averages of training (Keras). Matters only
            to `BatchNormalization`.
        dropout: Boolean, whether `Dropout` layers drop out (the paper).
            Defaults to `False`: equal inputs, equal outputs.
        seed: Integer that fixes the dropout, or `None`.

    Returns:
        A `keras.Model` with the inputs and outputs of `network`, to be called
        with `training=False`; `network` itself, where that is already so.

    Raises:
        ValueError: If `norm_mode` is unknown.
    """
    if norm_mode not in NORM_MODES:
        raise ValueError(
            f"`norm_mode` must be one of {list(NORM_MODES)}. "
            f"Received: norm_mode={norm_mode!r}."
        )

    def replace(layer):
        if norm_mode == "batch" and _is_batch_norm(layer):
            return _as_instance_norm(layer)
        if dropout and type(layer) is layers.Dropout:
            return SteadyDropout(layer.rate, layer.noise_shape, name=layer.name)
        return layer

    inner_layers = network._flatten_layers(include_self=False)
    if all(replace(layer) is layer for layer in inner_layers):
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


def _is_batch_norm(layer):
    return isinstance(layer, layers.BatchNormalization)


def _as_instance_norm(batch_norm):
    layer = InstanceNormalization(
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
