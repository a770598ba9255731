"""Curves of a run, drawn from its history."""

import matplotlib.backends.backend_agg as agg
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

# Answers within these bounds count as "near 0.5".
BALANCED = (0.3, 0.7)


def plot_losses(history, path):
    """Draws every `*_loss` of the history that is not zero, a panel each.

    Args:
        history: List of dictionaries, one per epoch, with `epoch`.
        path: Where the PNG goes.
    """
    names = [
        name
        for name in history[0]
        if name.endswith("_loss") and any(row[name] for row in history)
    ]
    figure = _figure(2.2 * len(names))
    for i, name in enumerate(names, start=1):
        axes = figure.add_subplot(len(names), 1, i)
        _draw(axes, history, name)
        axes.set_ylabel(name.replace("_", " "))
        if min(row[name] for row in history) >= 0:
            axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    _save(figure, path)


def plot_discriminator(history, path):
    """Draws what the discriminator answers, and the 0.5 it should come near."""
    figure = _figure(3.5)
    axes = figure.add_subplot()
    axes.axhspan(*BALANCED, color="0.92")
    axes.axhline(0.5, color="0.5", linestyle="--", label="cannot tell: 0.5")
    _draw(axes, history, "real_probability", label="to real pictures")
    _draw(axes, history, "fake_probability", label="to generated pictures")
    axes.set_ylim(0, 1)
    axes.set_xlabel("epoch")
    axes.set_ylabel("probability of being real")
    axes.set_title("What the discriminator answers")
    axes.legend(frameon=False, loc="lower center", ncols=3, fontsize="small")
    _save(figure, path)


def plot_generalization(history, path):
    """Draws the error of an autoencoder on training and on held-out images."""
    figure = _figure(3.5)
    axes = figure.add_subplot()
    _draw(axes, history, "mse", label="training pictures, as they go by")
    _draw(axes, history, "val_mse", label="held-out pictures")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("squared error of a pixel")
    axes.set_title("What is lost on the way through the code")
    axes.legend(frameon=False, fontsize="small")
    _save(figure, path)


def plot_instruments(history, limits, path):
    """Draws what the instruments measured, a panel each, with its limit.

    Args:
        history: List of dictionaries, one per epoch, with `epoch`.
        limits: Dictionary from the name of a figure to the limit beyond which
            an alarm may come. Figures that no row holds are left out.
        path: Where the PNG goes.
    """
    names = [
        name
        for name in limits
        # `plot_discriminator` has drawn those.
        if name in history[0] and not name.endswith("_probability")
    ]
    if not names:
        return
    figure = _figure(2.2 * len(names))
    for i, name in enumerate(names, start=1):
        axes = figure.add_subplot(len(names), 1, i)
        _draw(axes, history, name)
        axes.axhline(
            limits[name],
            color="tab:red",
            linestyle="--",
            label=f"limit {limits[name]:.2g}",
        )
        axes.set_ylabel(name.replace("_", " "))
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize="small")
    axes.set_xlabel("epoch")
    _save(figure, path)


def plot_classes(shares, names, path):
    """Draws how often a generator draws each class, and the fair share.

    Args:
        shares: List of floats, one per class, in [0, 1].
        names: List of strings, the names of the classes.
        path: Where the PNG goes.
    """
    figure = _figure(0.8 + 0.3 * len(names))
    axes = figure.add_subplot()
    axes.barh(names, shares)
    axes.axvline(
        1 / len(names), color="0.5", linestyle="--", label="fair share"
    )
    axes.invert_yaxis()
    axes.set_xlabel("share of the samples that look like it")
    axes.set_title("Classes that the generator draws")
    axes.legend(frameon=False)
    _save(figure, path)


def plot_activations(codes, path, target=None):
    """Draws how active the units of a code are, over all images and one by one.

    Args:
        codes: Float array `(n, code_dim)`.
        path: Where the PNG goes.
        target: Float, the activity that a sparse code is held to, or `None`.
    """
    figure = _figure(3.5)
    values, units = figure.subplots(1, 2)
    values.hist(codes.ravel(), bins=60, log=True)
    values.set_xlabel("activation")
    values.set_ylabel("how often, of all units and pictures")
    activity = np.sort(np.abs(codes).mean(axis=0))[::-1]
    units.bar(np.arange(1, len(activity) + 1), activity, width=1)
    units.set_xlabel("units, the most active one first")
    units.set_ylabel("mean absolute activation")
    if target is not None:
        units.axhline(
            target, color="tab:red", linestyle="--", label=f"target {target:g}"
        )
        units.legend(frameon=False)
    _save(figure, path)


def plot_codes(panels, labels, class_names, path):
    """Draws points of the plane, coloured by class, a panel for each method.

    Args:
        panels: Dictionary from titles to float arrays `(n, 2)`, the same
            images in the same order.
        labels: Integers `(n,)`, or `None` for images without labels.
        class_names: Strings, one per class.
        path: Where the PNG goes.
    """
    figure = _figure(4.2)
    for i, (title, points) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), i)
        colours = {}
        if labels is not None:
            colours = {
                "c": labels,
                "cmap": "tab10" if len(class_names) <= 10 else "turbo",
                "vmin": 0,
                "vmax": max(1, len(class_names) - 1),
            }
        dots = axes.scatter(points[:, 0], points[:, 1], s=4, **colours)
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
    if labels is not None and 1 < len(class_names) <= 10:
        handles = [
            Line2D([], [], color=dots.to_rgba(i), marker="o", linestyle="")
            for i in range(len(class_names))
        ]
        figure.legend(
            handles,
            class_names,
            loc="outside lower center",
            ncols=5,
            frameon=False,
            fontsize="small",
        )
    _save(figure, path)


def _figure(height):
    figure = Figure(figsize=(7, height), layout="constrained")
    agg.FigureCanvasAgg(figure)  # No display, no global state.
    return figure


def _draw(axes, history, name, **kwargs):
    epochs = [row["epoch"] for row in history]
    axes.plot(epochs, [row[name] for row in history], marker=".", **kwargs)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.grid(color="0.9")


def _save(figure, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
