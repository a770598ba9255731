"""The one place that knows that scikit-learn may be missing."""

import importlib


def load(module):
    """Imports a module that the extra `lecture` brings, when it is needed.

    Args:
        module: Full name of the module, such as `"sklearn.manifold"`.

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            "This measure needs scikit-learn: "
            "`pip install 'keras_gans[lecture]'`."
        ) from error
