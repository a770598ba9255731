"""What was measured, as a table, and the bottleneck in one sentence."""

# Below this share of the step's own speed, the pipeline is in its way.
_UNDISTURBED = 0.85
# Rounds of a machine that does nothing else differ by less.
_BUSY = 1.5
# The best trainings of this package reach three quarters of the peak.
_WELL_USED = 0.5


def table(speed, unit, one_replica=None, num_replicas=1):
    """Lines of a table.

    Args:
        speed: `trainers.speed.Speed`.
        unit: String, what is counted, such as `"pictures"`.
        one_replica: `Range`, `together` of one replica, or `None`.
        num_replicas: Integer, of `speed`.

    Returns:
        List of strings.
    """
    per_second = f"{unit}/s"
    rows = [
        ("", "", "median", "least", "most"),
        _row("pipeline alone", per_second, speed.pipeline),
        _row("step alone", per_second, speed.step),
        _row("both, as in fit", per_second, speed.together),
    ]
    if one_replica is not None:
        times = speed.together.median / one_replica.median
        rows += [
            _row("both, 1 replica", per_second, one_replica),
            (f"{num_replicas} replicas to 1", "times", f"{times:.2f}"),
        ]
    rows += [
        _row(f"peak, {dtype}", "GFLOP/s", peak, 1e-9)
        for dtype, peak in speed.matrix_peak.items()
    ]
    if speed.operations:
        operations = number(speed.operations / 1e9)
        rows.append(("arithmetic", "GFLOP/step", operations))
    if speed.share_of_peak is not None:
        rows.append(_row("share of peak", "%", speed.share_of_peak, 100))
    rows += [
        ("networks", "CPU s", number(speed.build_seconds)),
        ("first step", "CPU s", number(speed.first_step_seconds)),
        ("memory, most", "MB", number(speed.memory / 1e6)),
    ]
    if speed.device_memory is not None:
        rows.append(("GPU memory", "MB", number(speed.device_memory / 1e6)))
    return [_to_line(*row) for row in rows]


def _row(label, unit, values, scale=1):
    figures = (values.median, values.least, values.most)
    return label, unit, *(number(scale * value) for value in figures)


def _to_line(label, unit, *figures):
    cells = "".join(f"{figure:>12}" for figure in figures)
    return f"{label:<17}{unit:<12}{cells}"


def number(value):
    """A number in three digits, or all that stand before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bottleneck(speed, unit):
    """Says what the training waits for, and what would help.

    Args:
        speed: `trainers.speed.Speed`.
        unit: String, what is counted, such as `"pictures"`.

    Returns:
        One sentence.
    """
    pipeline, step = speed.pipeline.median, speed.step.median
    together = speed.together.median
    if pipeline < step:
        return (
            f"The pipeline makes {number(pipeline)} {unit} a second, the step "
            f"could use {number(step)}: the pipeline is the bottleneck; more "
            "processors help, or pictures that are stored in the size of the "
            "training."
        )
    # As fast as they are if they take turns; all else has other reasons.
    in_turns = 1 / (1 / pipeline + 1 / step)
    if max(together, in_turns) < _UNDISTURBED * step:
        return (
            f"The step alone uses {number(step)} {unit} a second, beside the "
            f"pipeline {number(together)}: they take the processors from each "
            "other; more of these help, or pictures that are stored in the "
            "size of the training."
        )
    return (
        f"The pipeline makes {number(pipeline)} {unit} a second, the step uses "
        f"{number(step)}: the step is the bottleneck{_advice(speed)}."
    )


def _advice(speed):
    if speed.share_of_peak is None:
        return ""
    share = speed.share_of_peak.median
    at_peak = f", at {share:.0%} of the machine's matrix peak"
    if share >= _WELL_USED:
        return (
            f"{at_peak}; only less arithmetic helps: smaller pictures or "
            "networks, or numbers of fewer bits"
        )
    return f"{at_peak}; a larger --batch_size may bring it nearer"


def disturbance(speed):
    """Says that the rounds differ, or returns `None` if they agree.

    Args:
        speed: `trainers.speed.Speed`.
    """
    ranges = (speed.step, speed.together, *speed.matrix_peak.values())
    times = max(values.most / values.least for values in ranges)
    if times < _BUSY:
        return None
    return (
        f"the rounds differ, by up to {times:.1f} times: other programs use "
        "this machine"
    )
