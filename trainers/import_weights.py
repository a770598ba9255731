"""Makes a .keras file of weights that another library or version trained.

python -m trainers.import_weights --weights=latest_net_G.pth
    --network=resnet_9 --out=generator.keras
python -m trainers.import_weights --weights=training_checkpoints
    --part=generator_g --network=unet_256 --out=generator.keras

Reads files of PyTorch (.pth of the networks of pytorch-CycleGAN-and-pix2pix,
.safetensors), of Keras 2 and 3 (.keras, .weights.h5, .h5), checkpoints of
TensorFlow and SavedModel folders. Norms and biases are as the file has them.
The network is saved only if all weights of the file fit all of its own, and if
it answers as the original did where --probe says how that was.

Exit codes: 0 done, 2 wrong usage, 65 a file that cannot be used or does not
fit, 74 the disk refused.
"""

import dataclasses
import pathlib

from keras_gans import compat
from keras_gans.compat import errors, weights_files
from trainers import cli, imported_networks
from trainers import config as config_lib
from trainers.config import UsageError, option
from trainers.environment import say
from trainers.imported_networks import SIDES


@dataclasses.dataclass(frozen=True)
class Config:
    """Flags of the command."""

    weights: str = option("", "File, folder or checkpoint to read. Needed.")
    network: str = option("", f"What it is, one of {', '.join(SIDES)}. Needed.")
    out: str = option("", "The .keras file to write. Needed.")
    part: str = option("", "Name of the network in a file that holds several.")
    probe: str = option(
        "",
        "An .npz file with inputs and outputs of the original, to compare "
        "with: float32 (batch, height, width, channels), in inference mode.",
    )
    image_size: str = option(
        "",
        "Side, or HEIGHTxWIDTH, of the images. Default: 256, of unet_128 128.",
    )
    input_channels: int = option(3, "Channels of the images that go in.", 1)
    output_channels: int = option(3, "Channels of a generator's answer.", 1)
    filters: int = option(64, "Width of the first convolution.", 1)

    def __post_init__(self):
        for field in dataclasses.fields(self):
            config_lib.check_field(field, getattr(self, field.name))
        if not self.weights:
            raise UsageError("--weights must be a file, such as net_G.pth.")
        if self.network not in SIDES:
            raise UsageError(
                f"--network must be one of {', '.join(SIDES)}. Received: "
                f"{self.network or 'none'}."
                f"{config_lib.did_you_mean(self.network, SIDES)}"
            )
        if not self.out.endswith(".keras"):
            raise UsageError(
                "--out must end in .keras, such as generator.keras. Received: "
                f"{self.out or 'none'}."
            )
        if self.image_size:
            config_lib.parse_size("image_size", self.image_size)


def import_weights(config):
    """Imports what `config` names.

    Returns:
        0, or 65 if the weights cannot be used.
    """
    try:
        return _import(config)
    except (compat.WeightsError, ImportError) as error:
        return cli.report(error, 65)


def _import(config):
    path = pathlib.Path(config.weights).expanduser()
    part = config.part or None
    with errors.about(path):
        tensors = weights_files.open_weights(path, part).tensors
    network = _build(config, tensors)
    report = compat.import_weights(path, network, part, config.probe or None)
    say("file", f"{path}: {report.format}")
    say(
        "weights",
        f"all {report.num_tensors} of {config.network} set, "
        f"{report.num_parameters:,} numbers",
    )
    for sentence in report.notes:
        say("note", sentence)
    if report.probe_error is not None:
        say("probe", f"answers differ by {report.probe_error:.1e} at most")
    out = pathlib.Path(config.out).expanduser()
    _save(network, out)
    say("saved", str(out))
    if network.name == "generator":
        say("next", f"python -m export --model={out}")
    return 0


def _build(config, tensors):
    name = config.network
    size = config.image_size or str(SIDES[name])
    size = config_lib.parse_size("image_size", size)
    with config_lib.naming_flag("image_size", config.image_size):
        return imported_networks.build(
            name,
            size,
            config.input_channels,
            config.output_channels,
            config.filters,
            tensors,
        )


def _save(network, out):
    """Writes a file whose name appears when it is whole."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".unfinished-{out.name}")
    try:
        network.save(unfinished)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def main(arguments=None):
    """Imports the weights that the flags in `arguments` name, and exits.

    Args:
        arguments: Words of the command line. Defaults to `sys.argv[1:]`.
    """
    cli.command(Config, import_weights, __doc__, arguments)


if __name__ == "__main__":
    main()
