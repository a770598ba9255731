"""Curves as SVG inside the page: they take its colours, dark or light.

A chart is 360 units wide, about a phone; wider pages show several in a row.
"""

import dataclasses
import math

from markupsafe import Markup, escape
from matplotlib.ticker import MaxNLocator

_WIDTH, _HEIGHT = 360, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 12, 30
_MOST_DOTS = 40
# As wide as the left margin is.
_MOST_DIGITS = 6
# Of the values shown, so much is left free above and below.
_MARGIN = 0.06
# As many line styles as the style sheet knows; more share them in turn.
NUM_STYLES = 6


@dataclasses.dataclass(frozen=True)
class Curve:
    """A line of a chart: finite values by epoch.

    Attributes:
        label: String.
        points: List of `(epoch, value)`, in order of the epochs.
    """

    label: str
    points: list

    @classmethod
    def of(cls, history, name, label=None):
        """The curve of a figure; rows where it is not finite are left out."""
        points = [
            (row["epoch"], row[name])
            for row in history
            if name in row and math.isfinite(row[name])
        ]
        return cls(label or name.replace("_", " "), points)


@dataclasses.dataclass(frozen=True)
class Chart:
    """Curves over the epochs.

    Attributes:
        title: String.
        curves: List of `Curve`, at least one with points.
        note: String, how to read it.
        levels: List of `(label, value)`, dashed lines across.
        band: `(low, high)` to shade, or `None`.
        limits: `(low, high)` of the axis, `None` where it follows the values.
        alarms: List of epochs at which an alarm came.
    """

    title: str
    curves: list
    note: str = ""
    levels: list = dataclasses.field(default_factory=list)
    band: tuple | None = None
    limits: tuple = (None, None)
    alarms: list = dataclasses.field(default_factory=list)

    @property
    def description(self):
        """The chart in words, for those who do not see it."""
        sentences = [
            f"{curve.label}: {curve.points[0][1]:.3g} in epoch "
            f"{curve.points[0][0]:g}, {curve.points[-1][1]:.3g} in epoch "
            f"{curve.points[-1][0]:g}, at least "
            f"{min(y for _, y in curve.points):.3g} and at most "
            f"{max(y for _, y in curve.points):.3g}"
            for curve in self.curves
            if curve.points
        ]
        sentences += [
            f"dashed line at {value:.3g}: {label}"
            for label, value in self.levels
        ]
        if self.alarms:
            epochs = ", ".join(f"{epoch:g}" for epoch in self.alarms)
            sentences.append(f"alarms in epoch {epochs}")
        return f"{self.title}. {'; '.join(sentences)}."

    def svg(self):
        """The drawing, as `Markup` for a page with the style sheet."""
        axes = _Axes(self)
        parts = [*axes.frame()]
        if self.band:
            low, high = (axes.y(value) for value in self.band)
            parts.insert(
                0,
                f'<rect class="band" x="{_LEFT}" y="{high:.1f}" '
                f'width="{_WIDTH - _LEFT - _RIGHT}" '
                f'height="{low - high:.1f}"/>',
            )
        for _, value in self.levels:
            parts.append(axes.across(value, "level"))
        for epoch in self.alarms:
            x = axes.x(epoch)
            parts.append(
                f'<path class="alarm-line" d="M{x:.1f} {_TOP}V'
                f'{_HEIGHT - _BOTTOM}"/><path class="alarm-mark" '
                f'd="M{x - 5:.1f} {_TOP - 9}h10l-5 9z"/>'
            )
        for i, curve in enumerate(self.curves):
            parts += axes.line(curve, i % NUM_STYLES)
        return Markup(
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-label="{escape(self.description)}">{"".join(parts)}</svg>'
        )


class _Axes:
    """Where epochs and values lie on the drawing."""

    def __init__(self, chart):
        epochs, values = zip(*(p for c in chart.curves for p in c.points))
        values = [*values, *(value for _, value in chart.levels)]
        self.first, self.last = min(epochs), max(epochs)
        low, high = chart.limits
        margin = _MARGIN * (max(values) - min(values)) or 0.5
        self.low = min(values) - margin if low is None else low
        self.high = max(values) + margin if high is None else high
        if self.high <= self.low:
            self.high = self.low + 1

    def x(self, epoch):
        span = (self.last - self.first) or 1
        width = _WIDTH - _LEFT - _RIGHT
        return _LEFT + width * (epoch - self.first) / span

    def y(self, value):
        share = (value - self.low) / (self.high - self.low)
        height = _HEIGHT - _TOP - _BOTTOM
        return _TOP + height * (1 - min(max(share, 0), 1))

    def across(self, value, css_class):
        path = f"M{_LEFT} {self.y(value):.1f}H{_WIDTH - _RIGHT}"
        return f'<path class="{css_class}" d="{path}"/>'

    def frame(self):
        """Yields grid lines and their numbers."""
        ticks = MaxNLocator(4).tick_values(self.low, self.high)
        for value in ticks:
            if self.low <= value <= self.high:
                yield self.across(value, "grid")
                yield _text(_LEFT - 6, self.y(value) + 4, _tick(value), "end")
        ticks = MaxNLocator(5, integer=True).tick_values(self.first, self.last)
        for epoch in ticks:
            if self.first <= epoch <= self.last:
                yield _text(self.x(epoch), _HEIGHT - _BOTTOM + 16, f"{epoch:g}")
        yield _text(_WIDTH - _RIGHT, _HEIGHT - 2, "epoch", "end")

    def line(self, curve, style):
        """Yields the line of a curve, and dots that tell their numbers."""
        places = [(self.x(x), self.y(y)) for x, y in curve.points]
        if len(places) > 1:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            yield f'<path class="curve c{style}" d="M{path}"/>'
        if len(places) <= _MOST_DOTS:
            for (x, y), (epoch, value) in zip(places, curve.points):
                yield (
                    f'<circle class="c{style}" cx="{x:.1f}" cy="{y:.1f}" '
                    f'r="2.5"><title>{escape(curve.label)}, epoch {epoch:g}: '
                    f"{value:.4g}</title></circle>"
                )


def _tick(value):
    text = f"{value:g}"
    return text if len(text) <= _MOST_DIGITS else f"{value:.1e}"


def _text(x, y, text, anchor="middle"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
