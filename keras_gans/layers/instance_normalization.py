"""Instance normalisation (Ulyanov et al., 2016)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class InstanceNormalization(keras.layers.GroupNormalization):
    """Normalises every channel of every image by its own mean and variance.

    `y = (x - mean) / sqrt(variance + epsilon)`, with the mean and the biased
    variance over height and width; then times `gamma` and plus `beta`, where
    asked for. It is group normalisation with as many groups as channels.
    `GroupNormalization(groups=1)`, which stands in its place in some CycleGAN
    code, shares one mean among all channels: another function.

    The defaults are those of the CycleGAN authors' PyTorch code (epsilon 1e-5,
    no affine weights). Keras and tensorflow-addons default to 1e-3 and affine.
    The class must keep its name: weights that were trained with
    tensorflow-addons are found by it.

    Reference:

    - [Ulyanov et al., 2016](https://arxiv.org/abs/1607.08022)

    Args:
        epsilon: Float > 0, added to the variance. Defaults to 1e-5.
        center: Boolean, whether to add a learned `beta`. Defaults to `False`.
        scale: Boolean, whether to multiply by a learned `gamma`. Defaults to
            `False`.
        **kwargs: Arguments of `keras.layers.GroupNormalization`, such as
            `gamma_initializer`, except `groups` and `axis`.

    Input shape: `(batch, height, width, channels)`. Output shape: the same.
    """

    _axes = (1, 2)  # Of the mean and the variance.

    def __init__(self, epsilon=1e-5, center=False, scale=False, **kwargs):
        if epsilon <= 0:
            raise ValueError(
                f"`epsilon` must be > 0. Received: epsilon={epsilon}."
            )
        super().__init__(
            groups=-1, epsilon=epsilon, center=center, scale=scale, **kwargs
        )

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                "The input must be images `(batch, height, width, channels)`. "
                f"Received: input_shape={tuple(input_shape)}."
            )
        super().build(input_shape)

    def call(self, inputs, training=False):
        # At least float32: the sum of squares overflows in half precision.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        if training:
            x = self._standardize_for_gradient(x)
        else:
            x, _ = self._standardize(x)
        if self.scale:
            x = x * ops.cast(self.gamma, dtype)
        if self.center:
            x = x + ops.cast(self.beta, dtype)
        return ops.cast(x, self.compute_dtype)

    def _standardize(self, x):
        """Returns `x` of mean 0 and variance 1, and what it was scaled by."""
        x = x - self._mean(x)
        scale = ops.rsqrt(self._mean(ops.square(x)) + self.epsilon)
        return x * scale, scale

    def _standardize_for_gradient(self, x):
        # The derived gradient is 50 operations, two thirds of the graph of a
        # ResNet's training step; this one is 8.
        @ops.custom_gradient
        def standardize(x):
            outputs, scale = self._standardize(x)

            def gradient(upstream):
                along = outputs * self._mean(upstream * outputs)
                return scale * (upstream - self._mean(upstream) - along)

            return outputs, gradient

        return standardize(x)

    def _mean(self, x):
        return ops.mean(x, axis=self._axes, keepdims=True)

    def get_config(self):
        config = super().get_config()
        # Both are what makes it instance normalisation: no arguments here.
        del config["groups"], config["axis"]
        return config
