import pytest

from keras_gans.callbacks import ModeCoverage
from tests.callbacks import games


def sampler(*modes, shift=0.0):
    ring = games.ring()
    part = games.Mixture(ring.centers[list(modes)], ring.deviation)
    return games.Sampler(lambda count, seed: part.points(count, seed) + shift)


def test_figures():
    instrument = ModeCoverage(games.ring(), num_points=1000)
    row = games.watch(instrument, [sampler(0, 1, 2, 3)])[0]
    assert row["modes_found"] == 4
    assert row["good_share"] == pytest.approx(0.99, abs=0.01)
    row = games.watch(instrument, [sampler(0, 1, shift=9.0)])[0]
    assert (row["modes_found"], row["good_share"]) == (0, 0)


def test_sees_modes_that_are_lost():
    instrument = ModeCoverage(games.ring())
    history = games.watch(
        instrument, [sampler(0, 1, 2, 3)] * 12 + [sampler(1, 2)] * 3
    )
    assert instrument.alarms(history[:14]) == []
    epoch, sentences = games.first_alarm(instrument, history)
    assert epoch == 15
    assert "2 of 4 modes, and 99% of them" in sentences


def test_sees_a_real_gan_that_collapses():
    """The generator is ten times as quick as the discriminator."""
    reports = []
    mixture = games.ring()
    instrument = ModeCoverage(mixture, 500, reports.append)
    model = games.gan((2,), generator_rate=1e-2)
    games.play(model, mixture.points(256), 12, instrument)
    assert reports
    for words in ("mode collapse", "gradient penalty", "noise"):
        assert words in reports[0]
