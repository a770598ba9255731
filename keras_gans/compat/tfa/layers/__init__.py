"""The layers that GAN code took from `tfa.layers`."""

import keras

from keras_gans.compat.tfa import replacements
from keras_gans.compat.tfa.layers.instance_normalization import (
    InstanceNormalization,
)
from keras_gans.compat.tfa.layers.maxout import Maxout
from keras_gans.compat.tfa.layers.spectral_normalization import (
    SpectralNormalization,
)
from keras_gans.compat.tfa.layers.weight_normalization import (
    WeightNormalization,
)

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "GroupNormalization",
    "InstanceNormalization",
    "Maxout",
    "SpectralNormalization",
    "WeightNormalization",
]

# Keras's own have these names, arguments, defaults and numbers.
AdaptiveAveragePooling1D = keras.layers.AdaptiveAveragePooling1D
AdaptiveAveragePooling2D = keras.layers.AdaptiveAveragePooling2D
AdaptiveAveragePooling3D = keras.layers.AdaptiveAveragePooling3D
AdaptiveMaxPooling1D = keras.layers.AdaptiveMaxPooling1D
AdaptiveMaxPooling2D = keras.layers.AdaptiveMaxPooling2D
AdaptiveMaxPooling3D = keras.layers.AdaptiveMaxPooling3D
GroupNormalization = keras.layers.GroupNormalization

# Old configs find them; new ones are Keras's, and need no compatibility.
keras.saving.get_custom_objects().update(
    {
        f"Addons>{layer.__name__}": layer
        for layer in (
            AdaptiveAveragePooling1D,
            AdaptiveAveragePooling2D,
            AdaptiveAveragePooling3D,
            AdaptiveMaxPooling1D,
            AdaptiveMaxPooling2D,
            AdaptiveMaxPooling3D,
            GroupNormalization,
        )
    }
)

__getattr__ = replacements.refuse_names_of(__name__, "tfa.layers")
