"""Weights of other libraries and versions, in and out."""

from keras_gans.compat.errors import WeightsError
from keras_gans.compat.export_weights import export_weights
from keras_gans.compat.import_weights import ImportedWeights, import_weights

__all__ = [
    "ImportedWeights",
    "WeightsError",
    "export_weights",
    "import_weights",
]
