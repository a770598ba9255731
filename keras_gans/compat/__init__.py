"""What old code and old files need to live on.

`import_weights` and `export_weights` carry weights from and to other libraries
and versions; `compat.tfa` stands in for tensorflow-addons.
"""

from keras_gans.compat.errors import WeightsError
from keras_gans.compat.export_weights import export_weights
from keras_gans.compat.import_weights import ImportedWeights, import_weights

__all__ = [
    "ImportedWeights",
    "WeightsError",
    "export_weights",
    "import_weights",
]
