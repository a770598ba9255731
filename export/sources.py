"""Networks to export, from a run folder or from one `.keras` file."""

import dataclasses
from pathlib import Path

import keras

import keras_gans  # noqa: F401  Registers the classes that files name.
from export.errors import ExportError, one_line
from keras_gans import checkpoints


@dataclasses.dataclass(frozen=True)
class Source:
    """What was loaded.

    Args:
        networks: Dict from name to `keras.Model`.
        step: Training step of the weights, or `None`.
        skipped: Sentences about checkpoints that are damaged.
        num_classes: Integer of a conditional model, `None` of another.
    """

    networks: dict
    step: int | None
    skipped: list
    num_classes: int | None


def load_run(run_dir):
    """Loads the newest intact checkpoint of a run.

    Args:
        run_dir: Run folder of a trainer.

    Returns:
        A `Source`.

    Raises:
        ExportError: If there is no run or no intact checkpoint.
    """
    run_dir = Path(run_dir)
    if not run_dir.is_dir():
        raise ExportError(f"There is no run folder {run_dir}.")
    try:
        checkpoint = checkpoints.newest(run_dir / "checkpoints")
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from error
    return _load(
        checkpoint.path / "model.keras", checkpoint.step, checkpoint.skipped
    )


def load_model(path):
    """Loads one `.keras` file.

    Args:
        path: Path of the file.

    Returns:
        A `Source`.

    Raises:
        ExportError: If there is no such file, or Keras cannot load it.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError(f"There is no model file {path}.")
    return _load(path, step=None, skipped=[])


def _load(path, step, skipped):
    with open(path, "rb"):
        pass  # A file that cannot be opened is no damaged file.
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras has no class for a damaged file.
        raise ExportError(
            f"{path} cannot be loaded. {one_line(error)}"
        ) from error
    networks = {"model": model}
    if hasattr(model, "export_networks"):
        networks = model.export_networks()
    num_classes = getattr(model, "num_classes", None)
    return Source(networks, step, skipped, num_classes)
