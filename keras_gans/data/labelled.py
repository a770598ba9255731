"""Pictures with or without labels, for GANs and conditional GANs."""

from keras_gans.data import (
    class_folders,
    embedded,
    folders,
    idx_images,
    specs,
    tfds_images,
)


def open_images(spec, channels=3):
    """Opens pictures and, if there are any, their labels, wherever they are.

    Args:
        spec: `"embedded:NAME"` (see `open_embedded_images`), `"tfds:NAME"`
            (see `open_tfds_images`), or the path of a folder: of IDX files,
            as MNIST has them (see `open_idx_images`), or of pictures (see
            `open_folder_images`).
        channels: Integer. Defaults to 3.

    Returns:
        A `LabelledImages`.

    Raises:
        FileNotFoundError: If `spec` is none of the three.
    """
    kind, name = specs.parse_spec(
        spec,
        "fashion_mnist",
        "mnist",
        "IDX files, pictures, or one folder per class",
    )
    if kind == "embedded":
        return embedded.open_embedded_images(name, channels)
    if kind == "tfds":
        return tfds_images.open_tfds_images(name, channels=channels)
    if idx_images.holds_idx_images(folders.require_folder(name)):
        return idx_images.open_idx_images(name, channels)
    return class_folders.open_folder_images(name, channels)
