"""The learning-rate schedule of CycleGAN and of pix2pix's PyTorch code."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class FlatThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """Constant for some epochs, then falling linearly towards zero.

    In epoch `e = 1, 2, ...` the rate is the initial one times
    `1 - max(0, e - flat_epochs) / (decay_epochs + 1)`, so that the last
    planned epoch still runs at `1 / (decay_epochs + 1)`, as in the authors'
    PyTorch code; after it the rate is 0. It changes between epochs only.

    A schedule lives in the optimizer: it needs no callback, is saved with
    the model, and resumes where it was.

    Reference:

    - [Zhu et al., 2017, section 4](https://arxiv.org/abs/1703.10593)

    Args:
        initial_learning_rate: Float > 0.
        steps_per_epoch: Integer >= 1, optimizer steps in an epoch.
        flat_epochs: Integer >= 0, epochs at the initial rate. Defaults to 100.
        decay_epochs: Integer >= 0, epochs of the fall. Defaults to 100.
    """

    def __init__(
        self,
        initial_learning_rate,
        steps_per_epoch,
        flat_epochs=100,
        decay_epochs=100,
    ):
        if not initial_learning_rate > 0:
            raise ValueError(
                "`initial_learning_rate` must be > 0. Received: "
                f"initial_learning_rate={initial_learning_rate}."
            )
        for name, value, least in (
            ("steps_per_epoch", steps_per_epoch, 1),
            ("flat_epochs", flat_epochs, 0),
            ("decay_epochs", decay_epochs, 0),
        ):
            if not isinstance(value, int) or value < least:
                raise ValueError(
                    f"`{name}` must be an integer >= {least}. "
                    f"Received: {name}={value}."
                )
        self.initial_learning_rate = initial_learning_rate
        self.steps_per_epoch = steps_per_epoch
        self.flat_epochs = flat_epochs
        self.decay_epochs = decay_epochs

    def __call__(self, step):
        epoch = ops.cast(step, "int32") // self.steps_per_epoch + 1
        epochs_of_decay = ops.maximum(0, epoch - self.flat_epochs)
        factor = 1.0 - ops.cast(epochs_of_decay, "float32") / (
            self.decay_epochs + 1
        )
        return self.initial_learning_rate * ops.maximum(0.0, factor)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "steps_per_epoch": self.steps_per_epoch,
            "flat_epochs": self.flat_epochs,
            "decay_epochs": self.decay_epochs,
        }
