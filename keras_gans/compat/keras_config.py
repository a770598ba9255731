"""What the configuration of a Keras model says about its layers.

Only numbers and words are looked up; nothing of it is built.
"""

import re

# With others of these, the same weights make another function for sure.
SETTINGS = ("center", "epsilon", "groups", "scale")
# With others of these they do unless other layers make up for it.
GEOMETRY = ("dilation_rate", "padding", "strides")


def layer_path(class_name, counts):
    """The name by which Keras files a layer: its class, and a number.

    Args:
        class_name: String, such as `"Conv2D"`.
        counts: Dict from such names to how many there were; it is changed.
    """
    name = re.sub(r"\W+", "", class_name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    counts[name] = counts.get(name, 0) + 1
    return name if counts[name] == 1 else f"{name}_{counts[name] - 1}"


def settings_by_name(config):
    """Returns a dict from the names of layers to their settings.

    Args:
        config: Dict, of a model of Keras 2 or 3; networks within it included.
    """
    settings = {}
    for layer in _layers(config):
        if _layers(layer):
            settings |= settings_by_name(layer)
        else:
            settings[_name(layer)] = _settings(layer)
    return settings


def settings_by_path(config, prefix="layers"):
    """Returns a dict from where Keras files layers to their settings.

    Args:
        config: As of `settings_by_name`.
        prefix: Where the layers of `config` are filed.
    """
    settings, counts = {}, {}
    for layer in _layers(config):
        path = f"{prefix}/{layer_path(str(layer.get('class_name')), counts)}"
        if _layers(layer):
            settings |= settings_by_path(layer, f"{path}/layers")
        else:
            settings[path] = _settings(layer)
    return settings


def _layers(config):
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers", []) if isinstance(inner, dict) else []
    return [layer for layer in layers if isinstance(layer, dict)]


def _name(layer):
    inner = layer.get("config")
    return inner.get("name") if isinstance(inner, dict) else layer.get("name")


def _settings(layer):
    inner = layer.get("config")
    if not isinstance(inner, dict):
        return {}
    return {
        name: _plain(inner[name])
        for name in (*SETTINGS, *GEOMETRY)
        if name in inner
    }


def _plain(value):
    return tuple(value) if isinstance(value, list) else value
