"""Pictures with or without labels, for GANs and conditional GANs."""

from keras_gans.data import class_folders, embedded, specs, tfds_images


def open_images(spec, channels=3):
    """Opens pictures and, if there are any, their labels, wherever they are.

    Args:
        spec: `"embedded:NAME"` (see `open_embedded_images`), `"tfds:NAME"`
            (see `open_tfds_images`), or the path of a folder (see
            `open_folder_images`).
        channels: Integer. Defaults to 3.

    Returns:
        A `LabelledImages`.

    Raises:
        FileNotFoundError: If `spec` is none of the three.
    """
    kind, name = specs.parse_spec(
        spec, "fashion_mnist", "mnist", "pictures, or one folder per class"
    )
    if kind == "embedded":
        return embedded.open_embedded_images(name, channels)
    if kind == "tfds":
        return tfds_images.open_tfds_images(name, channels=channels)
    return class_folders.open_folder_images(name, channels)
