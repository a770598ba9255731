"""What a run has logged so far, as a table, as curves and as alarms."""

import csv
import io

from trainers import plots, run_folder


def write(run, history, instruments):
    """Writes `history.csv`, the curves and `alarms.txt` of a run.

    Args:
        run: `RunFolder`.
        history: List of dictionaries, one per epoch, at least one. A figure
            that came or went during the run leaves fields empty.
        instruments: List of `keras_gans.callbacks.Instrument`.
    """
    run_folder.write_text(run.path / "history.csv", _as_csv(history))
    plots.plot_losses(history, run.plots / "losses.png")
    if "real_probability" in history[0]:
        plots.plot_discriminator(history, run.plots / "discriminator.png")
    if "val_mse" in history[0]:
        plots.plot_generalization(history, run.plots / "generalization.png")
    if instruments:
        _plot_instruments(run, history, instruments)
        _write_alarms(run, history, instruments)


def _plot_instruments(run, history, instruments):
    limits = {
        name: limit
        for instrument in instruments
        for name, limit in instrument.limits.items()
    }
    plots.plot_instruments(history, limits, run.plots / "instruments.png")


def _write_alarms(run, history, instruments):
    alarms = sorted(
        alarm
        for instrument in instruments
        for alarm in instrument.alarms(history)
    )
    lines = [f"epoch {epoch}: {sentence}" for epoch, sentence in alarms]
    run_folder.write_text(
        run.path / "alarms.txt",
        "\n".join(lines or ["No alarms so far."]) + "\n",
    )


def _as_csv(history):
    names = dict.fromkeys(name for row in history for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
