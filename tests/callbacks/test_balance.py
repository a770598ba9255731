import pytest

from keras_gans.callbacks import Balance
from tests.callbacks import games


def rows(real, fake):
    return games.rows_of(real_probability=real, fake_probability=fake)


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        ([0.96] * 3, [0.04] * 3, "too strong"),
        ([0.96] * 2, [0.04] * 2, None),
        ([0.96, 0.94, 0.96], [0.04] * 3, None),
        # Sure of real images, but not of fakes.
        ([0.96] * 3, [0.3] * 3, None),
        ([0.3] * 3, [0.6] * 3, "lost track"),
        ([0.3, 0.7, 0.3], [0.6] * 3, None),
        # In a balanced game, by chance.
        ([0.49] * 3, [0.51] * 3, None),
    ],
)
def test_limits(real, fake, said):
    sentences = Balance().diagnose(rows(real, fake))
    assert sentences is None if said is None else said in sentences


def test_the_last_epochs_decide():
    strong, good = [0.99] * 3, [0.6] * 3
    assert Balance().diagnose(rows(good + strong, [0.01] * 6))
    assert Balance().diagnose(rows(strong + good, [0.01] * 6)) is None


def test_other_models_are_none_of_its_business():
    assert Balance().diagnose(games.rows_of(loss=[1.0] * 5)) is None
    assert Balance().diagnose([]) is None


def test_sees_a_discriminator_that_is_too_strong():
    """The generator is nearly frozen."""
    reports = []
    balance = Balance(reports.append)
    model = games.gan(games.IMAGE_SHAPE, generator_rate=1e-6)
    games.play(model, games.corners()[0], 6, balance)
    assert len(reports) == 1
    row = balance.history[-1]
    assert f"{row['real_probability']:.2f} to real" in reports[0]
    for words in ("learning rate", "smoothing", "gradient penalty", "1.39"):
        assert words in reports[0]
    assert "too strong" in reports[0]


def test_sees_a_discriminator_that_has_lost_track():
    """The discriminator is nearly frozen."""
    reports = []
    model = games.gan(games.IMAGE_SHAPE, discriminator_rate=1e-7)
    games.play(model, games.corners()[0], 4, Balance(reports.append))
    assert len(reports) == 1
    assert "lost track" in reports[0]
    assert "Lower the generator's learning rate" in reports[0]
