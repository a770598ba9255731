"""Bars of how fast each row is."""

import matplotlib.backends.backend_agg as agg
from matplotlib.figure import Figure


def plot_speed(document, path):
    """Draws the ratios of wall time, a panel for each number of threads.

    Args:
        document: What `export.benchmark.report.make_document` returned.
        path: Where the PNG goes.
    """
    rows = document["rows"]
    all_threads = list(rows[0]["threads"])
    figure = Figure(
        figsize=(7, len(all_threads) * (0.9 + 0.3 * len(rows))),
        layout="constrained",
    )
    agg.FigureCanvasAgg(figure)  # No display, no global state.
    panels = figure.subplots(len(all_threads), squeeze=False, sharex=True)
    fastest = max(
        (
            cell["wall_speed"]["median"]
            for row in rows
            for cell in row["threads"].values()
            if not cell["problem"]
        ),
        default=1,
    )
    for axes, threads in zip(panels[:, 0], all_threads):
        _draw(axes, rows, threads, 1.2 * fastest)
    # By the medians: a busy moment must not set the scale by its spread.
    axes.set_xlim(0, 1.35 * fastest)
    axes.set_xlabel("times as fast as the grey bar of the same work, wall time")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _draw(axes, rows, threads, last_number):
    axes.set_title("1 thread" if threads == "1" else f"{threads} threads")
    axes.axvline(1, color="0.5", linestyle="--", zorder=0)
    for i, row in enumerate(rows):
        cell = row["threads"][threads]
        if cell["problem"]:
            axes.text(
                0,
                i,
                " not measured",
                va="center",
                color="0.5",
                fontsize="small",
            )
            continue
        speed = cell["wall_speed"]
        is_baseline = cell["baseline"] == row["name"]
        errors = [
            [speed["median"] - speed["lower_quartile"]],
            [speed["upper_quartile"] - speed["median"]],
        ]
        axes.barh(
            i,
            speed["median"],
            xerr=errors,
            color="0.75" if is_baseline else "tab:blue",
            error_kw={"ecolor": "0.3", "capsize": 2},
        )
        axes.text(
            min(speed["upper_quartile"], last_number),
            i,
            f"  {speed['median']:.2f}",
            va="center",
            fontsize="small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.tick_params(axis="y", labelsize="small")
    axes.set_ylim(len(rows) - 0.4, -0.6)
