"""Weight normalisation (Salimans and Kingma, 2016)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gans import replicas
from keras_gans.compat.tfa.layers import wrapped_layers


@keras.saving.register_keras_serializable(package="Addons")
class WeightNormalization(keras.layers.Wrapper):
    """Learns the length of a kernel's vectors apart from their direction.

    `kernel = g * v / |v|`, for each unit or filter: for each index of the
    kernel's last axis. The wrapped layer's own `kernel` holds `v`.

    The first call, in training or not, sets `g`: with `data_init` to
    `1 / std(v x)` and the bias to `-mean(v x) / std(v x)`, by its inputs `x`;
    without to `|v|`, so that the layer is what it was without the wrapper.
    The paper (eq. 5 and 6) takes `v x / |v|` in place of `v x`, after which
    outputs have mean 0 and deviation 1; tensorflow-addons leaves `|v|` out,
    and we do as it did. On several replicas, call the model on one batch
    before `fit`.

    Reference:

    - [Salimans and Kingma, 2016](https://arxiv.org/abs/1602.07868)

    Args:
        layer: `keras.layers.Layer` with a `kernel`, such as `Dense` or
            `Conv2D`; no recurrent one.
        data_init: Boolean, whether the first inputs set `g` and the bias.
            Defaults to `True`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input and output shape: those of `layer`.

    Raises:
        ValueError: If `layer` has no `kernel`, or if `data_init` is asked for
            where the kernel's last axis is not the last axis of the outputs
            (transposed and depthwise convolutions, `"channels_first"`).
        RuntimeError: If the first call is one of several replicas, whose data
            differ.
    """

    def __init__(self, layer, data_init=True, **kwargs):
        super().__init__(layer, **kwargs)
        self.data_init = data_init

    def build(self, input_shape):
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None:
            raise ValueError(
                "`layer` must have a `kernel`, as `Dense` and `Conv2D` have. "
                f"Received: layer={self.layer!r}."
            )
        depth = kernel.shape[-1]
        if self.data_init:
            self._check_channels(input_shape, depth)
        self.g = self.add_weight(name="g", shape=(depth,), initializer="ones")
        self.initialized = self.add_weight(
            name="initialized",
            shape=(),
            initializer="zeros",
            dtype="bool",
            trainable=False,
        )

    def _check_channels(self, input_shape, depth):
        data_format = getattr(self.layer, "data_format", "channels_last")
        channels = self.layer.compute_output_shape(input_shape)[-1]
        if data_format != "channels_last" or channels != depth:
            raise ValueError(
                "With `data_init`, the last axis of the kernel must be the "
                "last axis of the outputs. Received: "
                f"layer={self.layer!r}, kernel of {depth}, outputs of "
                f"{channels}. Use `data_init=False`."
            )

    def call(self, inputs):
        if not self._is_initialized():
            self._check_replicas()
            g, bias = tf.cond(
                ops.convert_to_tensor(self.initialized),
                self._current_values,
                lambda: self._first_values(inputs),
            )
            self.g.assign(g)
            if bias is not None:
                self.layer.bias.assign(bias)
            self.initialized.assign(True)
        # Were the product assigned, gradients would not reach g and v.
        product = (self.layer.kernel, self._normalized_kernel())
        with keras.StatelessScope([product]):
            return self.layer(inputs)

    def remove(self):
        """Writes the kernel into the layer and returns the layer.

        It then is what it was in the wrapper, and can be exported without.
        """
        self.layer.kernel.assign(self._normalized_kernel())
        return self.layer

    def _is_initialized(self):
        """Whether it was when a graph is traced: the graph is shorter then."""
        with tf.init_scope():
            # Empty in a graph that makes the variable.
            return bool(ops.convert_to_numpy(self.initialized).any())

    def _check_replicas(self):
        in_replica = tf.distribute.get_replica_context() is not None
        if self.data_init and in_replica and replicas.count() > 1:
            raise RuntimeError(
                "With `data_init`, each replica would begin with weights of "
                "its own. Call the model on one batch before `fit`."
            )

    def _normalized_kernel(self):
        v = ops.convert_to_tensor(self.layer.kernel)
        axes = tuple(range(len(v.shape) - 1))
        square = ops.sum(ops.square(v), axis=axes, keepdims=True)
        scale = ops.rsqrt(ops.maximum(square, 1e-12))
        return v * scale * ops.cast(self.g, v.dtype)

    def _current_values(self):
        bias = getattr(self.layer, "bias", None)
        return (
            ops.convert_to_tensor(self.g),
            None if bias is None else ops.convert_to_tensor(bias),
        )

    def _first_values(self, inputs):
        g, bias = self._current_values()
        if not self.data_init:
            v = ops.convert_to_tensor(self.layer.kernel)
            axes = tuple(range(len(v.shape) - 1))
            return ops.sqrt(ops.sum(ops.square(v), axis=axes)), bias
        outputs = ops.cast(self._outputs_before_activation(inputs), g.dtype)
        axes = tuple(range(len(outputs.shape) - 1))
        mean, variance = ops.moments(outputs, axes)
        scale = ops.rsqrt(variance + 1e-10)
        return g * scale, None if bias is None else -mean * scale

    def _outputs_before_activation(self, inputs):
        activation = getattr(self.layer, "activation", None)
        if activation is None:
            return self.layer(inputs)
        self.layer.activation = None
        try:
            return self.layer(inputs)
        finally:
            self.layer.activation = activation

    def get_config(self):
        return {**super().get_config(), "data_init": self.data_init}

    @classmethod
    def from_config(cls, config):
        return cls(**wrapped_layers.revive(config))
