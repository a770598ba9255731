"""Instance normalisation with the defaults of tensorflow-addons."""

import keras


@keras.saving.register_keras_serializable(package="Addons")
class InstanceNormalization(keras.layers.GroupNormalization):
    """Normalises every channel of every sample by its own mean and variance.

    For networks that were written or trained with tensorflow-addons: epsilon
    1e-3, learned scale and offset, any rank and axis.
    `keras_gans.InstanceNormalization` has the CycleGAN authors' defaults
    (epsilon 1e-5, neither) and a faster gradient, for images only.

    Reference:

    - [Ulyanov et al., 2016](https://arxiv.org/abs/1607.08022)

    Args:
        **kwargs: Arguments of `keras.layers.GroupNormalization`, except
            `groups`: `axis` (-1), `epsilon` (1e-3), `center` and `scale`
            (`True`), their initializers, regularizers and constraints.

    Input shape: `(batch, ..., channels)`, or with the channels on `axis`.
    Output shape: the same.

    Raises:
        TypeError: If `groups` is given: each channel is its own group.
    """

    def __init__(self, **kwargs):
        if "groups" in kwargs:
            raise TypeError(
                "`InstanceNormalization` has a group for each channel and must "
                f"not get `groups`. Received: groups={kwargs['groups']!r}. Use "
                "`GroupNormalization`."
            )
        super().__init__(groups=-1, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["groups"]
        return config

    @classmethod
    def from_config(cls, config):
        # tensorflow-addons wrote them, the channels of a built layer too.
        return cls(**{k: v for k, v in config.items() if k != "groups"})
