"""A history of generated images (Shrivastava et al., 2017)."""

import keras
import numpy as np
from keras import ops

from keras_gans import replicas


@keras.saving.register_keras_serializable(package="keras_gans")
class ImagePool(keras.layers.Layer):
    """Answers with past fakes half of the time, so that D does not forget.

    For each image of the batch, in order: while the pool is not full, the
    image is stored and returned; from then on, with probability 1/2 a random
    stored image is returned and the new one takes its place, otherwise the
    new one is returned and nothing is stored. This is the law of the CycleGAN
    authors' code (section 7.1 of the paper). An image that is not finite is
    returned and never stored.

    The images are weights, so they are saved with the model. The state of the
    random draws is saved by the models of this package. Under a strategy each
    replica has a pool of its own, of the fakes that it made, and all of them
    are saved; where other replicas go on, they go through the pools in order.

    Reference:

    - [Shrivastava et al., 2017, section 2.3](https://arxiv.org/abs/1612.07828)
    - [Zhu et al., 2017, section 4](https://arxiv.org/abs/1703.10593)

    Args:
        pool_size: Integer >= 0, number of images kept; 0 returns the input.
            Defaults to 50.
        seed: Integer or `None`, seeds the draws.

    Input shape: `(batch, height, width, channels)`; all but the batch fixed.
    Output shape: the same. No gradient passes through.
    """

    def __init__(self, pool_size=50, seed=None, **kwargs):
        if pool_size < 0:
            raise ValueError(
                f"`pool_size` must be >= 0. Received: pool_size={pool_size}."
            )
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        replicas.differ(self.seed_generator)

    def build(self, input_shape):
        if self.pool_size == 0:
            return
        if None in input_shape[1:]:
            raise ValueError(
                "An image pool needs images of one size. Received: "
                f"input_shape={tuple(input_shape)}. Build the networks with "
                "a fixed height and width, or set `pool_size=0`."
            )
        self.images = self.add_weight(
            shape=(self.pool_size, *input_shape[1:]),
            initializer="zeros",
            trainable=False,
            name="images",
        )
        self.num_images = self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="num_images",
        )

    def call(self, inputs):
        inputs = ops.stop_gradient(inputs)
        if self.pool_size == 0:
            return inputs
        batch_size = ops.shape(inputs)[0]
        swaps = keras.random.uniform((batch_size,), seed=self.seed_generator)
        slots = keras.random.randint(
            (batch_size,), 0, self.pool_size, seed=self.seed_generator
        )

        def query_one(i, state):
            images, num_images, outputs = state
            is_finite = ops.all(ops.isfinite(inputs[i]))
            has_room = num_images < self.pool_size
            is_filling = has_room & is_finite
            swap = ~has_room & is_finite & (swaps[i] < 0.5)
            slot = ops.where(is_filling, num_images, slots[i])
            past_image = images[slot]
            keep = ops.logical_or(is_filling, swap)
            images = _replace(
                images, slot, ops.where(keep, inputs[i], past_image)
            )
            outputs = _replace(
                outputs, i, ops.where(swap, past_image, inputs[i])
            )
            num_images = num_images + ops.cast(is_filling, "int32")
            return images, num_images, outputs

        images, num_images, outputs = ops.fori_loop(
            0,
            batch_size,
            query_one,
            (
                ops.convert_to_tensor(self.images),
                ops.convert_to_tensor(self.num_images),
                inputs,
            ),
        )
        self.images.assign(images)
        self.num_images.assign(num_images)
        return outputs

    def save_own_variables(self, store):
        for i, variable in enumerate(self.weights):
            copies = replicas.values_of(variable)
            store[str(i)] = copies if len(copies) > 1 else copies[0]

    def load_own_variables(self, store):
        for i, variable in enumerate(self.weights):
            saved = np.asarray(store[str(i)])
            if saved.ndim == len(variable.shape):  # Of a single replica.
                saved = saved[None]
            replicas.assign_to(variable, saved)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "seed": self.seed,
        }


def _replace(images, index, image):
    """Returns `images` with `image` at `index`."""
    return ops.scatter_update(
        images, ops.reshape(index, (1, 1)), ops.expand_dims(image, 0)
    )
