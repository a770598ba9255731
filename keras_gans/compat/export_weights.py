"""Takes networks of Keras 3 to PyTorch."""

import pathlib

from keras_gans.compat import safetensors_file, torch_names
from keras_gans.compat.errors import WeightsError


def export_weights(model, path):
    """Writes the weights of a network as a state dictionary of PyTorch.

    The names are those of pytorch-CycleGAN-and-pix2pix, whose networks load
    the file by `load_state_dict(safetensors.torch.load_file(path))`.

    Args:
        model: Network of `build_resnet_generator`, `build_unet_generator` or
            `build_patchgan_discriminator`.
        path: Path of the `.safetensors` file. An older one is replaced.

    Returns:
        The number of tensors written.

    Raises:
        WeightsError: If that project has no such network, or `path` another
            ending.
        ImportError: If the library safetensors is not installed.
        OSError: If the disk refuses.
    """
    path = pathlib.Path(path)
    if path.suffix != ".safetensors":
        raise WeightsError(
            f"`path` must end in .safetensors. Received: {path}."
        )
    try:
        arrays = torch_names.to_torch(model)
    except WeightsError as error:
        raise WeightsError(
            f"{model.name} cannot be exported: {error}."
        ) from error
    safetensors_file.write(path, arrays, {"format": "pt"})
    return len(arrays)
