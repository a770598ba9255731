"""Which epoch of a run was the best, and whether it is time to stop."""

import math
import re

from trainers.config import UsageError, did_you_mean

_DIRECTIONS = ("min", "max")
# What the names of figures end in, of those that should be low and high.
_ENDINGS = {
    "min": (
        "_loss",
        "_distance",
        "_likelihood",
        "_error",
        "l1",
        "mse",
        "copied_share",
    ),
    "max": (
        "precision",
        "recall",
        "density",
        "coverage",
        "diversity",
        "accuracy",
        "ssim",
        "psnr",
        "elbo",
        "_found",
        "good_share",
    ),
}
# Figures of one direction of a translation, such as val_ssim_ab.
_SIDE = re.compile(r"_(ab|ba)$")


class Best:
    """The best epoch so far by a figure of the history.

    The record is saved with every checkpoint, so a run that was killed and
    gone on with decides as one that was not.

    Args:
        metric: String, the name of a figure; `min:NAME` or `max:NAME` where
            the name does not tell which is better. Empty: nothing is chosen.
        patience: Integer, epochs without a better figure after which to stop;
            0: never.

    Raises:
        UsageError: If it is not known whether the figure should be low or
            high.

    Attributes:
        record: `None`, or a dictionary that JSON can hold: `metric`,
            `direction`, `value`, `epoch` and `step` of the best epoch.
    """

    def __init__(self, metric="", patience=0):
        direction, separator, name = metric.partition(":")
        if separator and direction not in _DIRECTIONS:
            raise UsageError(
                "--best_metric must be NAME, min:NAME or max:NAME. Received: "
                f"{metric}."
            )
        self.metric = name if separator else metric
        self.direction = direction if separator else _direction_of(metric)
        self.patience = patience
        self.record = None

    def restore(self, record):
        """Goes on from the record of a checkpoint, if it is of this figure."""
        kept = {"metric": self.metric, "direction": self.direction}
        if record and kept.items() <= record.items():
            self.record = record

    def update(self, row, step):
        """Looks at the row of an epoch.

        Args:
            row: Dictionary with `epoch` and all figures.
            step: Integer, training steps done.

        Returns:
            Whether this epoch is the best so far. Figures that are not finite
            never are.

        Raises:
            UsageError: If there is no such figure.
        """
        if not self.metric:
            return False
        if self.metric not in row:
            names = [name for name in row if name != "epoch"]
            raise UsageError(
                "--best_metric must be a figure of this run: "
                f"{', '.join(names)}. Received: {self.metric}."
                f"{did_you_mean(self.metric, names)}"
            )
        value = float(row[self.metric])
        if not math.isfinite(value) or not self._is_better(value):
            return False
        self.record = {
            "metric": self.metric,
            "direction": self.direction,
            "value": value,
            "epoch": row["epoch"],
            "step": step,
        }
        return True

    def _is_better(self, value):
        if self.record is None:
            return True
        if self.direction == "min":
            return value < self.record["value"]
        return value > self.record["value"]

    def is_over(self, epoch):
        """Whether patience has run out, `epoch` epochs done."""
        if not self.patience or self.record is None:
            return False
        return epoch - self.record["epoch"] >= self.patience

    def sentences(self, epoch, epochs):
        """What was chosen and why it ended, as `(label, text)` lines.

        Args:
            epoch: Integer, epochs done.
            epochs: Integer, epochs planned.
        """
        if self.record is None:
            return []
        best = self.record
        lines = [
            (
                "best",
                f"{self.metric} {best['value']:.4g} after epoch "
                f"{best['epoch']}, kept as the checkpoint of step "
                f"{best['step']}",
            )
        ]
        if epoch < epochs and self.is_over(epoch):
            lines.append(
                (
                    "verdict",
                    f"Stopped after {epoch} of {epochs} epochs: "
                    f"{self.metric} has not become better for "
                    f"{epoch - best['epoch']} epochs. A higher --patience "
                    "would go on.",
                )
            )
        return lines


def _direction_of(metric):
    if not metric:
        return None
    name = _SIDE.sub("", metric)
    for direction, endings in _ENDINGS.items():
        if name.endswith(endings):
            return direction
    raise UsageError(
        f"--best_metric must say whether {metric} should be low or high: "
        f"min:{metric} or max:{metric}."
    )
