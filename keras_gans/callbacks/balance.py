"""Who is winning the game of generator and discriminator?"""

from keras_gans.callbacks import instrument

_SURE_OF_REAL = 0.95
_SURE_OF_FAKE = 0.05
# In a balanced game either answer may be the larger one, by chance.
_LEAST_CONFUSION = 0.05


class Balance(instrument.Instrument):
    """Tells when one player of a GAN has beaten the other.

    It reads the logs `real_probability` and `fake_probability`, the answers
    of the discriminator, which come near 0.5 where the game is balanced
    (Goodfellow et al., 2014, theorem 1). Two alarms, each over three epochs:

    - the discriminator is too strong: above 0.95 for real and below 0.05 for
      fake images;
    - the discriminator has lost track: it takes fakes for more real than real
      images, by more than 0.05.

    Leave it out for Wasserstein losses, whose critics give no probabilities
    and should be strong.

    Reference:

    - [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661)
    - [Arjovsky & Bottou, 2017, theorem 2.4](https://arxiv.org/abs/1701.04862),
      why a perfect discriminator teaches nothing

    Args:
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    limits = {
        "real_probability": _SURE_OF_REAL,
        "fake_probability": _SURE_OF_FAKE,
    }

    def diagnose(self, history):
        rows = instrument.rows_with(history, *self.limits)
        rows = rows[-instrument.RECENT_EPOCHS :]
        if len(rows) < instrument.RECENT_EPOCHS:
            return None
        answers = [
            (row["real_probability"], row["fake_probability"]) for row in rows
        ]
        real, fake = answers[-1]
        seen = (
            f"In the last {len(rows)} epochs the discriminator's answers were "
            f"far from 0.5: now {real:.2f} to real and {fake:.2f} to fake "
            "images. "
        )
        if all(
            real > _SURE_OF_REAL and fake < _SURE_OF_FAKE
            for real, fake in answers
        ):
            return seen + (
                "The discriminator is too strong: the generator learns little "
                "from it (vanishing gradient). Lower the discriminator's "
                "learning rate or width, add label smoothing or instance "
                "noise, or add a gradient penalty. Its answers should come "
                "near 0.5; its loss is then not 0.5 but 2 log 2 = 1.39, 0.69 "
                "on each side."
            )
        if all(fake - real > _LEAST_CONFUSION for real, fake in answers):
            return seen + (
                "The discriminator has lost track: it takes fakes for more "
                "real than real images, so the generator is led astray. Lower "
                "the generator's learning rate, give the discriminator more "
                "steps or width, or less label smoothing, noise or penalty."
            )
        return None
