"""What the networks of several runs make of the same inputs."""

import dataclasses

import keras
import numpy as np
from PIL import Image

from keras_gans import checkpoints, data
from trainers.report import pictures


@dataclasses.dataclass(frozen=True)
class Table:
    """Pictures: an input in each row, a run in each column.

    Attributes:
        title: String, what is done with the inputs.
        runs: List of strings, the names of the columns.
        rows: List of `(title, input, outputs)`, `Picture`s; the input is
            `None` for noise.
    """

    title: str
    runs: list
    rows: list


def tables_of(runs, names):
    """Shows the inputs of the first run to the newest checkpoint of each.

    Args:
        runs: List of `RunRecord`, of one trainer.
        names: List of strings, what they are called.

    Returns:
        `(tables, problems)`: a list of `Table`, and sentences about runs that
        cannot be shown the inputs.
    """
    path = runs[0].path / "samples" / "inputs.npz"
    if not path.is_file():
        return [], []
    with np.load(path, allow_pickle=False) as file:
        inputs = dict(file)
    columns, problems = {}, []
    for run, name in zip(runs, names):
        try:
            columns[name] = list(_answers(run, inputs))
        except (checkpoints.CheckpointError, _Unfit) as error:
            problems.append(f"{name} is not shown: {error}")
    # Of each thing that the runs do: what, with what, and the answers of all.
    things = zip(*columns.values())
    return [_make_table(list(columns), answers) for answers in things], problems


def _make_table(names, answers):
    title, given, _ = answers[0]
    outputs = zip(*(images for _, _, images in answers))
    rows = []
    for i, images in enumerate(outputs, start=1):
        label = f"noise {i}" if given is None else f"input {i}"
        shown = None if given is None else _embed(given[i - 1], label)
        made = [
            _embed(image, f"{label}, {name}")
            for image, name in zip(images, names)
        ]
        rows.append((label, shown, made))
    return Table(title, names, rows)


class _Unfit(ValueError):
    """A network takes other inputs."""


def _answers(run, inputs):
    """Yields `(title, inputs or None, outputs)` for each thing a run does."""
    newest = checkpoints.newest(run.path / "checkpoints")
    model = keras.saving.load_model(newest.model_path, compile=False)
    if run.trainer == "cyclegan":
        for direction in ("ab", "ba"):
            images = inputs[f"generator_{direction}"]
            network = getattr(model, f"generator_{direction}")
            _check(network.input_shape, images)
            outputs = model.predict(images, verbose=0, direction=direction)
            yield f"{direction[0]} to {direction[1]}", images, outputs
    elif run.trainer == "pix2pix":
        images = inputs["generator"]
        _check(model.generator.input_shape, images)
        yield "Translations", images, model.translate(images, seed=0)
    elif run.trainer == "autoencoder":
        images = inputs["encoder"]
        _check(model.encoder.input_shape, images)
        yield "Reconstructions", images, model.reconstruct(images)
    elif run.trainer == "gan":
        latents = inputs["generator"]
        _check(model.generator.input_shape, latents)
        yield "The same noise", None, model.predict(latents, verbose=0)
    else:
        latents = inputs["generator/latents"]
        labels = inputs["generator/labels"]
        if labels.max() >= model.num_classes:
            raise _Unfit(f"it knows {model.num_classes} classes only.")
        _check(model.generator.input["latents"].shape, latents)
        given = {"latents": latents, "labels": labels}
        yield "The same noise and labels", None, model.predict(given, verbose=0)


def _check(shape, inputs):
    """Refuses inputs of another shape than a network takes."""
    if any(a not in (None, b) for a, b in zip(shape[1:], inputs.shape[1:])):
        raise _Unfit(
            f"its network takes inputs of shape {tuple(shape[1:])}, those of "
            f"the first run have {inputs.shape[1:]}."
        )


def _embed(image, title):
    pixels = data.to_uint8(image)
    # Any other number of channels: the first, or three, stand for all.
    channels = 1 if pixels.shape[-1] < 3 else 3
    picture = Image.fromarray(
        np.ascontiguousarray(pixels[..., :channels]).squeeze()
    )
    return pictures.embed(picture.convert("RGB"), title, "")
