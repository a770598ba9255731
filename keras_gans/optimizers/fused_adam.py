"""Adam (Kingma and Ba, 2015) as one operation for each weight."""

import keras
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam, equal to rounding, by TensorFlow's own kernel.

    Keras writes the update of a weight as thirty operations. A network of many
    weights then waits longer for its first step: of the CycleGAN's graph they
    are a fifth. Arguments, state and files are those of `keras.optimizers.Adam`
    but for `amsgrad`, which the kernel lacks. Rounding: the kernel takes
    `1 - beta_2` in the weights' precision, 1e-5 off for 0.999 in float32.

    Reference:

    - [Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)

    Args:
        *args: Of `keras.optimizers.Adam`.
        **kwargs: The same.

    Raises:
        ValueError: If `amsgrad` is asked for.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise ValueError(
                "`amsgrad` must be `False`. Received: amsgrad=True. Use "
                "`keras.optimizers.Adam`."
            )

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        # What all weights share is computed once, and takes the place of the
        # rate on its way through the strategy to `update_step`.
        dtype = trainable_variables[0].dtype
        step = ops.cast(self.iterations + 1, dtype)
        # As in Keras, float64 powers are of betas that went through float32.
        shared = {
            "beta1_power": ops.power(ops.cast(self.beta_1, dtype), step),
            "beta2_power": ops.power(ops.cast(self.beta_2, dtype), step),
            "lr": ops.cast(learning_rate, dtype),
            "beta1": tf.constant(self.beta_1, dtype),
            "beta2": tf.constant(self.beta_2, dtype),
            "epsilon": tf.constant(self.epsilon, dtype),
        }
        super()._backend_update_step(grads, trainable_variables, shared)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        gradient = tf.convert_to_tensor(gradient)  # Of embeddings: in slices.
        dtype = variable.dtype
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            grad=tf.cast(gradient, dtype),
            **{name: tf.cast(x, dtype) for name, x in learning_rate.items()},
        )
