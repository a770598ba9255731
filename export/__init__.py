"""Turns trained networks into files that are proven equal to them."""

import importlib

_MODULES = {
    "ExportError": "export.errors",
    "ExportResult": "export.records",
    "export_network": "export.exporter",
}
__all__ = list(_MODULES)


def __getattr__(name):
    # On use: `python -m export --help` must not wait for TensorFlow.
    if name not in _MODULES:
        raise AttributeError(f"module `export` has no attribute `{name}`")
    return getattr(importlib.import_module(_MODULES[name]), name)
