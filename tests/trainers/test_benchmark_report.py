"""The table and the sentence, from made-up figures."""

import dataclasses

import pytest

from trainers import benchmark_report
from trainers.speed import Range, Speed


def made_up(pipeline, step, together, share=None):
    """A `Speed` whose rounds agree."""
    return Speed(
        Range(pipeline, pipeline, pipeline),
        Range(step, step, step),
        Range(together, together, together),
        None if share is None else 3_480_000_000,
        {} if share is None else {"float32": Range(2e11, 1.8e11, 2.2e11)},
        None if share is None else Range(share, share, share),
        build_seconds=0.5,
        first_step_seconds=9.25,
        memory=412.4e6,
        device_memory=None,
    )


@pytest.mark.parametrize(
    ("speed", "sentence"),
    [
        (
            made_up(3100.4, 95.02, 94, share=0.62),
            "The pipeline makes 3,100 pictures a second, the step uses 95: the "
            "step is the bottleneck, at 62% of the machine's matrix peak; only "
            "less arithmetic helps: smaller pictures or networks, or numbers "
            "of fewer bits.",
        ),
        (
            made_up(3100, 95, 90, share=0.08),
            "The pipeline makes 3,100 pictures a second, the step uses 95: the "
            "step is the bottleneck, at 8% of the machine's matrix peak; a "
            "larger --batch_size may bring it nearer.",
        ),
        (
            made_up(3100, 95, 90),
            "The pipeline makes 3,100 pictures a second, the step uses 95: the "
            "step is the bottleneck.",
        ),
        (
            # A pipeline that fast is not what takes the half of it.
            made_up(3100, 95, 50, share=0.08),
            "The pipeline makes 3,100 pictures a second, the step uses 95: the "
            "step is the bottleneck, at 8% of the machine's matrix peak; a "
            "larger --batch_size may bring it nearer.",
        ),
        (
            made_up(80, 95.5, 70, share=0.08),
            "The pipeline makes 80 pictures a second, the step could use 95.5: "
            "the pipeline is the bottleneck; more processors help, or pictures "
            "that are stored in the size of the training.",
        ),
        (
            made_up(120, 100, 55, share=0.08),
            "The step alone uses 100 pictures a second, beside the pipeline "
            "55: they take the processors from each other; more of these help, "
            "or pictures that are stored in the size of the training.",
        ),
    ],
    ids=["step", "far_from_peak", "no_peak", "busy", "pipeline", "both"],
)
def test_bottleneck(speed, sentence):
    assert benchmark_report.bottleneck(speed, "pictures") == sentence


def test_table():
    speed = made_up(3100, 95, 90, share=0.62)
    lines = benchmark_report.table(
        dataclasses.replace(
            speed, together=Range(90, 80.25, 101), device_memory=2**20
        ),
        "pairs",
        one_replica=Range(60, 50, 70),
        num_replicas=2,
    )
    assert [line.split() for line in lines] == [
        ["median", "least", "most"],
        ["pipeline", "alone", "pairs/s", "3,100", "3,100", "3,100"],
        ["step", "alone", "pairs/s", "95", "95", "95"],
        ["both,", "as", "in", "fit", "pairs/s", "90", "80.2", "101"],
        ["both,", "1", "replica", "pairs/s", "60", "50", "70"],
        ["2", "replicas", "to", "1", "times", "1.50"],
        ["peak,", "float32", "GFLOP/s", "200", "180", "220"],
        ["arithmetic", "GFLOP/step", "3.48"],
        ["share", "of", "peak", "%", "62", "62", "62"],
        ["networks", "CPU", "s", "0.5"],
        ["first", "step", "CPU", "s", "9.25"],
        ["memory,", "most", "MB", "412"],
        ["GPU", "memory", "MB", "1.05"],
    ]
    # Figures stand below each other.
    assert len({len(line) for line in lines if line.split()[1:2] == ["alone"]})
    assert max(map(len, lines)) <= 80


def test_rounds_that_differ_are_told():
    speed = made_up(3100, 95, 90, share=0.62)
    assert benchmark_report.disturbance(speed) is None
    busy = dataclasses.replace(speed, step=Range(95, 40, 100))
    assert benchmark_report.disturbance(busy) == (
        "the rounds differ, by up to 2.5 times: other programs use this machine"
    )
    # The first rounds of a pipeline, which tunes itself, are slower.
    tuning = dataclasses.replace(speed, pipeline=Range(95, 40, 100))
    assert benchmark_report.disturbance(tuning) is None
