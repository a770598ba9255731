"""Networks to export, from a run folder or from one `.keras` file."""

import dataclasses
from pathlib import Path

import keras

import keras_gans  # noqa: F401  Registers the classes that files name.
from export.errors import ExportError, UsageError, one_line
from export.signature import role_of
from keras_gans import checkpoints
from keras_gans.models import (
    Pix2Pix,
    VariationalAutoencoder,
    inference_view,
)


@dataclasses.dataclass(frozen=True)
class Mode:
    """How networks are to run that can run in several ways.

    Args:
        norm_mode: As of `keras_gans.inference_view`, or `None` for that of the
            model.
        dropout: Boolean, whether what is dropped is drawn once and kept.
    """

    norm_mode: str | None = None
    dropout: bool = False


@dataclasses.dataclass(frozen=True)
class Source:
    """What was loaded.

    Args:
        networks: Dict from name to `keras.Model`. A network by itself is
            "model", or "encoder" or "decoder" if that is its name.
        step: Training step of the weights, or `None`.
        skipped: Sentences about checkpoints that are damaged.
        num_classes: Integer of a conditional model, `None` of another.
        mode: The `Mode` that they run in, `None` if they have but one.
        prior: Name of the distribution of the codes that a decoder was trained
            for, `None` if there is none.
    """

    networks: dict
    step: int | None
    skipped: list
    num_classes: int | None
    mode: Mode | None
    prior: str | None = None


def load_run(run_dir, mode=Mode()):
    """Loads the newest intact checkpoint of a run.

    Args:
        run_dir: Run folder of a trainer.
        mode: `Mode`.

    Returns:
        A `Source`.

    Raises:
        ExportError: If there is no run or no intact checkpoint.
        UsageError: If another mode is wanted than the networks have.
    """
    run_dir = Path(run_dir)
    if not run_dir.is_dir():
        raise ExportError(f"There is no run folder {run_dir}.")
    try:
        checkpoint = checkpoints.newest(run_dir / "checkpoints")
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from error
    return _load(
        checkpoint.path / "model.keras",
        checkpoint.step,
        checkpoint.skipped,
        mode,
    )


def load_model(path, mode=Mode()):
    """Loads one `.keras` file.

    Args:
        path: Path of the file.
        mode: `Mode`.

    Returns:
        A `Source`.

    Raises:
        ExportError: If there is no such file, or Keras cannot load it.
        UsageError: If another mode is wanted than the networks have.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError(f"There is no model file {path}.")
    return _load(path, None, [], mode)


def _load(path, step, skipped, mode):
    with open(path, "rb"):
        pass  # A file that cannot be opened is no damaged file.
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras has no class for a damaged file.
        raise ExportError(
            f"{path} cannot be loaded. {one_line(error)}"
        ) from error
    num_classes = getattr(model, "num_classes", None)
    if isinstance(model, Pix2Pix):
        if mode.norm_mode is None:
            mode = dataclasses.replace(mode, norm_mode=model.norm_mode)
        networks = model.export_networks(mode.norm_mode, mode.dropout)
        return Source(networks, step, skipped, num_classes, mode)
    if hasattr(model, "export_networks"):
        networks = model.export_networks()
    else:
        is_coder = role_of(model.name) != "generator"
        networks = {model.name if is_coder else "model": model}
    is_variational = isinstance(model, VariationalAutoencoder)
    prior = "standard normal" if is_variational else None
    if mode == Mode():
        return Source(networks, step, skipped, num_classes, None, prior)
    return Source(
        {name: _in_mode(x, mode) for name, x in networks.items()},
        step,
        skipped,
        num_classes,
        mode,
        prior,
    )


def _in_mode(network, mode):
    """A network by itself in another mode than that of its file."""
    noise = "fixed" if mode.dropout else False
    view = inference_view(network, mode.norm_mode or "running", noise)
    if view is network and (mode.dropout or mode.norm_mode == "instance"):
        raise UsageError(
            "--norm_mode and --dropout are for networks with batch "
            f"normalisation or dropout. {network.name} has neither."
        )
    return view
