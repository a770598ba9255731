"""tensorflow-addons' names, on Keras 3.

    import keras_gans.compat.tfa as tfa  # was: import tensorflow_addons as tfa

What GAN code took from it is here with its defaults, computes the same numbers
(recorded from tensorflow-addons 0.23), and is registered as
`Addons>…`, so that old configs can be loaded once this package is imported.
Asking for anything else of tensorflow-addons raises an `AttributeError` that
says what to use instead; docs/migration.md has the whole table.
"""

from keras_gans.compat.tfa import image, layers, optimizers, replacements

__all__ = ["image", "layers", "optimizers"]

__getattr__ = replacements.refuse_names_of(__name__, "tfa")
