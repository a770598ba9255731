"""The benchmark of training steps: its arithmetic, and that both sides work.

Nothing is asserted about time.
"""

import re

import numpy as np
import pytest
import training_steps


def cell(*seconds, memory=100, first=2.0):
    return {
        "rounds": [{"cpu": x, "wall": 10 / x, "losses": {}} for x in seconds],
        "peak_memory_bytes": memory,
        "first_step_cpu_seconds": first,
    }


def document(**measured):
    return {"threads": 1, "rows": {"cyclegan_128": measured}}


def test_speeds_are_of_the_same_round():
    baseline, other = cell(2.0, 8.0), cell(1.0, 2.0)
    assert training_steps.speeds(baseline, other, threads=1) == [2.0, 4.0]
    # With more threads, of wall time: 5 and 1.25 over 10 and 5.
    assert training_steps.speeds(baseline, other, threads=2) == [0.5, 0.25]


def test_the_table_says_what_is_reached(capsys):
    training_steps.print_table(
        document(
            torch=cell(2.0, 2.0, 2.0),
            keras=cell(2.0, 1.0, 1.0, memory=131, first=3.0),
            keras_bfloat16=cell(2.0, 4.0, 1.0, memory=130),
        )
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == [
        "| cyclegan_128 | PyTorch | 1.00 | 1.00-1.00 |  | 1.00 |  | 1.0 |",
        "| cyclegan_128 | ours | 2.00 | 1.00-2.00 | 1.1: reached | 1.31 | "
        "above 1.3 | 1.5 |",
        "| cyclegan_128 | ours, mixed_bfloat16 | 1.00 | 0.50-2.00 | "
        "1.6: missed | 1.30 |  | 1.0 |",
    ]


def test_a_variant_that_fails_stays_in_the_table(capsys):
    failed = cell() | {"problem": "losses are not finite: {'loss': nan}"}
    training_steps.print_table(document(torch=cell(1.0), keras=failed))
    assert (
        "| cyclegan_128 | ours | losses are not finite: {'loss': nan} | | "
    ) in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "size", "equal_losses"),
    [
        # The discriminators see what the pools draw.
        (
            "cyclegan_64",
            ("cyclegan", 32, 1),
            ["generator_loss", "cycle_loss", "identity_loss"],
        ),
        # Codes, latents and dropout are drawn.
        ("vae_28", ("vae", 28, 2), ["kl_loss"]),
        ("dcgan_64", ("dcgan", 64, 2), []),
        ("pix2pix_256", ("pix2pix", 256, 1), []),
    ],
    ids=["cyclegan", "vae", "dcgan", "pix2pix"],
)
def test_both_sides_do_the_same(row, size, equal_losses, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(training_steps.ROWS, row, size)
    measured = training_steps.measure(
        row, ["torch", "keras"], rounds=1, threads=1
    )
    assert not [x["problem"] for x in measured.values() if "problem" in x]
    theirs, ours = (measured[x]["first_losses"] for x in ("torch", "keras"))
    assert set(theirs) <= set(ours)
    for loss in theirs:
        # What is drawn is not the same.
        tolerance = 1e-4 if loss in equal_losses else 0.5
        np.testing.assert_allclose(
            ours[loss], theirs[loss], rtol=tolerance, err_msg=loss
        )
    for found in measured.values():
        assert found["peak_memory_bytes"] > 0
        assert found["rounds"][0]["cpu"] > 0


def test_the_processor_is_described():
    found = training_steps.describe_processor()
    assert found == {} or set(found) == set(training_steps.INSTRUCTIONS)


def test_what_bfloat16_needs_is_said(capsys):
    training_steps.print_processor(
        {
            "machine": {"processor": "A", "num_cpus": 2},
            "instructions": dict.fromkeys(training_steps.INSTRUCTIONS, False)
            | {"avx2": True},
            "versions": {"torch": "2.13"},
        }
    )
    out = capsys.readouterr().out
    assert re.search(r"^It has avx2; it lacks fma, avx512f", out, re.M)
    assert "its targets need avx512_bf16 or amx_bf16." in out
