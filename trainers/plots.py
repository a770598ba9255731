"""Curves of a run, drawn from its history."""

import matplotlib.backends.backend_agg as agg
from matplotlib.figure import Figure
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
