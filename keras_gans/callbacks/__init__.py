"""Callbacks for models with several losses and optimizers."""

from keras_gans.callbacks.stop_on_non_finite import StopOnNonFinite
from keras_gans.callbacks.translation_strips import TranslationStrips

__all__ = ["StopOnNonFinite", "TranslationStrips"]
