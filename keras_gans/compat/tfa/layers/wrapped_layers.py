"""What configs of wrapped layers need to be read by Keras 3."""

import keras

# In Keras 2 they had the `groups` of all convolutions, which could only be 1.
WITHOUT_GROUPS = ("Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv2D")


def revive(wrapper_config):
    """Makes the wrapped layer of a wrapper's config, of Keras 2 or 3.

    Args:
        wrapper_config: Dictionary with a serialised layer as `"layer"`.

    Returns:
        A copy of the dictionary with a `keras.layers.Layer` as `"layer"`.
    """
    layer = wrapper_config["layer"]
    if isinstance(layer, dict):
        config = dict(layer["config"])
        if layer["class_name"] in WITHOUT_GROUPS and config.get("groups") == 1:
            del config["groups"]
        layer = keras.saving.deserialize_keras_object(
            {**layer, "config": config}
        )
    return {**wrapper_config, "layer": layer}
