"""Curves of a run, drawn from its history."""

import matplotlib.backends.backend_agg as agg
from matplotlib.figure import Figure

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
    _draw(axes, history, "fake_probability", label="to translated pictures")
    axes.set_ylim(0, 1)
    axes.set_xlabel("epoch")
    axes.set_ylabel("probability of being real")
    axes.set_title("What the discriminators answer")
    axes.legend(frameon=False, loc="lower center", ncols=3, fontsize="small")
    _save(figure, path)


def _figure(height):
    figure = Figure(figsize=(7, height), layout="constrained")
    agg.FigureCanvasAgg(figure)  # No display, no global state.
    return figure


def _draw(axes, history, name, **kwargs):
    epochs = [row["epoch"] for row in history]
    axes.plot(epochs, [row[name] for row in history], marker=".", **kwargs)
    axes.grid(color="0.9")


def _save(figure, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
