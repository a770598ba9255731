"""A picture of the ways between images, through the latent space."""

import numpy as np

from keras_gans import latents
from keras_gans.callbacks.pictures import draw_grid, name_rows


def draw_interpolations(
    model, num_paths, num_steps, seed, labels=None, class_names=()
):
    """Draws what a generator makes of spherical paths between two noises.

    A generator that has learnt by heart jumps from one image to another;
    one that has learnt a manifold shows images on all of the way.

    Args:
        model: `GAN` or `ConditionalGAN`.
        num_paths: Integer >= 1, rows of the picture.
        num_steps: Integer >= 2, images on each path.
        seed: Integer for the same paths at each call, or `None`.
        labels: Integers `(num_paths,)`, the class of each path of a
            conditional model; `None` for a model without labels.
        class_names: Strings, `class_names[label]` is the name of a class; if
            empty, its number is written.

    Returns:
        A `PIL.Image` in RGB, a path in each row.

    Raises:
        ValueError: If an argument is out of range, or there is not one label
            per path.
    """
    if num_paths < 1:
        raise ValueError(
            f"`num_paths` must be >= 1. Received: num_paths={num_paths}."
        )
    if labels is not None and len(labels) != num_paths:
        raise ValueError(
            f"`labels` must have one label for each of {num_paths} paths. "
            f"Received: {len(labels)} labels."
        )
    ends = np.asarray(model.draw_latents(2 * num_paths, seed))
    paths = latents.interpolate(ends[:num_paths], ends[num_paths:], num_steps)
    # (num_steps, num_paths, latent_dim): a path must come in one piece.
    inputs = np.concatenate(paths.swapaxes(0, 1))
    if labels is not None:
        inputs = {"latents": inputs, "labels": np.repeat(labels, num_steps)}
    images = model.predict(inputs, verbose=0)
    return draw_grid(images, num_steps, name_rows(labels, class_names))
