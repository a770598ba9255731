"""Does a generator of points find every mode of a mixture?"""

from keras_gans.callbacks import instrument
from keras_gans.metrics import count_modes


class ModeCoverage(instrument.Instrument):
    """Tells how many modes of a mixture of Gaussians a generator has found.

    The figures are `modes_found`, those with at least one point within three
    deviations, and `good_share`, the share of such points in all. An alarm
    comes if modes are missing in three epochs on end and were all there
    before, or after the tenth epoch.

    Reference:

    - [Srivastava et al., 2017, section 4.1](https://arxiv.org/abs/1705.07761)
    - [Lin et al., 2018, section 4.1](https://arxiv.org/abs/1712.04086)

    Args:
        mixture: Object with `centers`, an array `(modes, dim)`, and
            `deviation`, a float.
        num_points: Integer >= 1. Defaults to 2500, as in both papers.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    def __init__(self, mixture, num_points=2500, report=None):
        super().__init__(report)
        self.mixture = mixture
        self.num_points = num_points
        self.limits = {"modes_found": len(mixture.centers)}

    def measure(self):
        points = self.model.sample(self.num_points, seed=instrument.SEED)
        found, good_share = count_modes(
            points, self.mixture.centers, self.mixture.deviation
        )
        return {"modes_found": float(found), "good_share": good_share}

    def diagnose(self, history):
        rows = instrument.rows_with(history, "modes_found", "good_share")
        limit = self.limits["modes_found"]
        if not instrument.falls_short(rows, "modes_found", limit):
            return None
        row = rows[-1]
        return (
            f"Samples show {row['modes_found']:.0f} of {limit} modes, and "
            f"{row['good_share']:.0%} of them lie near one. The generator "
            "leaves out part of the data (mode collapse). Add a gradient "
            "penalty such as r1, take another loss (wasserstein, "
            "relativistic), widen the generator's noise, or lower its "
            "learning rate."
        )
