"""The optimizers of `tfa.optimizers` that Keras 3 has, as they were there."""

import keras

from keras_gans.compat.tfa import replacements

__all__ = ["LAMB", "SGDW", "AdamW"]


class _DecoupledWeightDecay:
    """Takes a share of each weight away before each update.

    Mixed into an optimizer whose update does not look at the weight.
    """

    def __init__(
        self, weight_decay, *args, exclude_from_weight_decay=None, **kwargs
    ):
        if not isinstance(weight_decay, (int, float)) or weight_decay < 0:
            raise ValueError(
                "`weight_decay` must be a number >= 0; functions and schedules "
                "of it are not supported. "
                f"Received: weight_decay={weight_decay!r}."
            )
        super().__init__(*args, **kwargs)
        self.decay_per_step = weight_decay
        self.excluded_names = exclude_from_weight_decay
        self.exclude_from_weight_decay(var_names=exclude_from_weight_decay)

    def build(self, var_list):
        # Before the weights lose their Keras names in the update.
        self._decayed = [self._use_weight_decay(v) for v in var_list]
        super().build(var_list)

    def update_step(self, gradient, variable, learning_rate):
        if self._decayed[self._get_variable_index(variable)]:
            self.assign_sub(variable, variable * self.decay_per_step)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "weight_decay": self.decay_per_step,
            "exclude_from_weight_decay": self.excluded_names,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return super().from_config(_of_keras_3(config), custom_objects)


@keras.saving.register_keras_serializable(package="Addons")
class AdamW(_DecoupledWeightDecay, keras.optimizers.Adam):
    """Adam that takes `weight_decay` of each weight away in each step.

    In `keras.optimizers.AdamW` it is `weight_decay` times the learning rate:
    a thousand times less at the default rate. Here, as in tensorflow-addons,
    the rate and its schedule do not touch the decay.

    Reference:

    - [Loshchilov and Hutter, 2019](https://arxiv.org/abs/1711.05101)

    Args:
        weight_decay: Float >= 0, the share of a weight that a step takes.
        learning_rate: Float or schedule. Defaults to 0.001.
        beta_1: Float, decay of the first moment. Defaults to 0.9.
        beta_2: Float, decay of the second moment. Defaults to 0.999.
        epsilon: Float, added to the root. Defaults to 1e-7.
        amsgrad: Boolean. Defaults to `False`.
        exclude_from_weight_decay: List of regular expressions, or `None`;
            weights in whose names one is found do not decay.
        **kwargs: Arguments of `keras.optimizers.Adam`.
    """


@keras.saving.register_keras_serializable(package="Addons")
class SGDW(_DecoupledWeightDecay, keras.optimizers.SGD):
    """Gradient descent that takes `weight_decay` of each weight in each step.

    As `AdamW` here, and unlike the `weight_decay` of `keras.optimizers.SGD`,
    which is times the learning rate.

    Reference:

    - [Loshchilov and Hutter, 2019](https://arxiv.org/abs/1711.05101)

    Args:
        weight_decay: Float >= 0, the share of a weight that a step takes.
        learning_rate: Float or schedule. Defaults to 0.001.
        momentum: Float in [0, 1]. Defaults to 0.
        nesterov: Boolean. Defaults to `False`.
        exclude_from_weight_decay: List of regular expressions, or `None`;
            weights in whose names one is found do not decay.
        **kwargs: Arguments of `keras.optimizers.SGD`.
    """

    def __init__(self, weight_decay, learning_rate=0.001, *args, **kwargs):
        super().__init__(weight_decay, learning_rate, *args, **kwargs)


@keras.saving.register_keras_serializable(package="Addons")
class LAMB(keras.optimizers.Lamb):
    """Keras's Lamb with the epsilon of tensorflow-addons.

    Reference:

    - [You et al., 2020](https://arxiv.org/abs/1904.00962)

    Args:
        learning_rate: Float or schedule. Defaults to 0.001.
        beta_1: Float, decay of the first moment. Defaults to 0.9.
        beta_2: Float, decay of the second moment. Defaults to 0.999.
        epsilon: Float, added to the root. Defaults to 1e-6.
        weight_decay: Must be 0. In tensorflow-addons it was part of the update
            whose length is adapted; in Keras it comes before.
        **kwargs: Arguments of `keras.optimizers.Lamb`.

    Raises:
        ValueError: If there is a weight decay, or names to be excluded from it
            or from adaptation.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-6,
        weight_decay=0.0,
        exclude_from_weight_decay=None,
        exclude_from_layer_adaptation=None,
        **kwargs,
    ):
        for name, value in (
            ("weight_decay", weight_decay),
            ("exclude_from_weight_decay", exclude_from_weight_decay),
            ("exclude_from_layer_adaptation", exclude_from_layer_adaptation),
        ):
            if value:
                raise ValueError(
                    f"`{name}` has no equal in Keras's Lamb. "
                    f"Received: {name}={value!r}. Leave it out, or use "
                    "`keras.optimizers.Lamb`, whose `weight_decay` comes "
                    "before the update."
                )
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return super().from_config(_of_keras_3(config), custom_objects)


def _of_keras_3(config):
    """What Keras 3 can read of a config that Keras 2 may have written."""
    if config.get("decay"):
        raise ValueError(
            "`decay` of the learning rate must be 0. Received: "
            f"decay={config['decay']}. Use `keras.optimizers.schedules."
            "InverseTimeDecay`."
        )
    config = {key: value for key, value in config.items() if key != "decay"}
    schedule = config["learning_rate"]
    if isinstance(schedule, dict) and schedule["config"].get("name") is None:
        # Keras 2 wrote a name of none; Keras 3 wants a name or no entry.
        options = {k: v for k, v in schedule["config"].items() if k != "name"}
        config["learning_rate"] = {**schedule, "config": options}
    return config


__getattr__ = replacements.refuse_names_of(__name__, "tfa.optimizers")
