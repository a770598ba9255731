"""Minibatch standard deviation (Karras et al., 2018)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class MinibatchStdDev(keras.layers.Layer):
    """Tells a discriminator how much the images of a batch differ.

    For each group of images: the standard deviation of every feature over the
    group, averaged over pixels and channels to one number, which is appended
    to each image of the group as a constant channel. A generator that makes
    one picture over and over is found out by it. The last but one layer is its
    place.

    Image `i` belongs to group `i % num_groups`, as in the authors' code, with
    `num_groups = batch // group_size`. The authors' code refuses a batch that
    is not divisible by the group; here the images left over are dealt out, one
    to a group, so that no group is smaller than `group_size`. A batch smaller
    than `group_size` is one group; a single image gets 1e-4, the square root
    of the epsilon under the root.

    Real and fake images must come in batches of their own, or there is nothing
    to tell apart.

    Reference:

    - [Karras et al., 2018, section 3](https://arxiv.org/abs/1710.10196)

    Args:
        group_size: Integer >= 1, number of images compared. Defaults to 4.
        num_channels: Integer >= 1, number of channels appended; each is the
            average over its own share of the input's channels. Must divide
            them. Defaults to 1.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height, width, channels + num_channels)`.
    """

    def __init__(self, group_size=4, num_channels=1, **kwargs):
        for name, value in (
            ("group_size", group_size),
            ("num_channels", num_channels),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be an integer >= 1. "
                    f"Received: {name}={value!r}."
                )
        super().__init__(**kwargs)
        self.group_size = group_size
        self.num_channels = num_channels

    def build(self, input_shape):
        if len(input_shape) != 4:
            raise ValueError(
                "The input must be images `(batch, height, width, channels)`. "
                f"Received: input_shape={tuple(input_shape)}."
            )
        if input_shape[-1] % self.num_channels:
            raise ValueError(
                f"`num_channels={self.num_channels}` must divide the number "
                "of channels of the input. "
                f"Received: input_shape={tuple(input_shape)}."
            )

    def call(self, inputs):
        # At least float32: the epsilon, and squares, leave half precision.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        batch_size, height, width, channels = ops.shape(x)
        num_groups = ops.maximum(batch_size // self.group_size, 1)
        groups = ops.arange(batch_size) % num_groups

        def group_mean(values):
            ones = ops.ones((batch_size, 1, 1, 1), dtype)
            sizes = ops.segment_sum(ones, groups, num_groups)
            return ops.segment_sum(values, groups, num_groups) / sizes

        x = x - ops.take(group_mean(x), groups, axis=0)
        stddev = ops.sqrt(group_mean(ops.square(x)) + 1e-8)
        shares = (self.num_channels, channels // self.num_channels)
        stddev = ops.reshape(stddev, (-1, height, width, *shares))
        stddev = ops.mean(stddev, axis=(1, 2, 4))  # (groups, num_channels)
        maps = ops.take(stddev, groups, axis=0)[:, None, None, :]
        maps = ops.broadcast_to(
            maps, (batch_size, height, width, self.num_channels)
        )
        return ops.concatenate([inputs, ops.cast(maps, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.num_channels)

    def get_config(self):
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "num_channels": self.num_channels,
        }
