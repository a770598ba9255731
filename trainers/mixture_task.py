"""Points of the plane as the data of a GAN: every lost mode can be counted."""

import numpy as np

from keras_gans import data
from keras_gans.callbacks import ModeCoverage, PointClouds, write_timeline
from keras_gans.metrics import count_modes
from keras_gans.models import GAN
from keras_gans.networks import build_mlp_discriminator, build_mlp_generator
from trainers.config import UsageError
from trainers.environment import report_alarm, say
from trainers.latent import LatentTask

_STEPS_PER_EPOCH = 500
_HIDDEN_LAYERS = 3
_NUM_DRAWN = 1000
_NUM_SCORED = 2500  # Of VEEGAN and PacGAN.


class MixtureTask(LatentTask):
    """A GAN that learns a mixture of Gaussians.

    Args:
        config: Config of `trainers.gan` with a mixture as `data`.
    """

    trainer = "gan"
    unit = "points"
    is_exportable = False  # Files for phones make pictures.

    def __init__(self, config):
        super().__init__(config)
        self._mixture = data.open_mixture(config.mixture_name)
        self.pipeline = data.MixturePipeline(
            self._mixture,
            config.batch_size * config.discriminator_steps,
            config.steps_per_epoch or _STEPS_PER_EPOCH,
            config.seed,
        )
        self.data_facts = {
            "source": config.data,
            "modes": str(len(self._mixture.centers)),
            "deviation of a mode": str(self._mixture.deviation),
            "points": "endless",
        }
        say(
            "data",
            f"{config.data}: {len(self._mixture.centers)} modes of deviation "
            f"{self._mixture.deviation}, endless points",
        )

    def connect(self, **arguments):
        config = self.config
        hidden_units = _HIDDEN_LAYERS * (config.hidden_units,)
        return GAN(
            build_mlp_generator(config.latent_dim, (2,), hidden_units),
            build_mlp_discriminator(
                (2,),
                hidden_units,
                spectral_norm=config.spectral_norm,
                dropout=config.dropout,
            ),
            **arguments,
        )

    def pictures(self, run, summary_writer):
        rng = np.random.default_rng(self.config.seed)
        return PointClouds(
            self._mixture,
            rng.standard_normal((_NUM_DRAWN, self.config.latent_dim)),
            run.samples,
            self.config.sample_epochs,
            summary_writer,
        )

    def watch(self, run):
        del run
        return [ModeCoverage(self._mixture, report=report_alarm)]

    def measure(self, model):
        # On other noise than the instrument's.
        points = model.sample(_NUM_SCORED, seed=self.config.seed + 1)
        modes_found, good_share = count_modes(
            points, self._mixture.centers, self._mixture.deviation
        )
        return {
            "protocol": (
                f"{_NUM_SCORED} points of the last weights; good: within 3 "
                "deviations of a centre; found: modes with a good point"
            ),
            "modes": len(self._mixture.centers),
            "modes_found": modes_found,
            "good_share": good_share,
        }

    def evaluator(self, run_path, features, seed):
        raise UsageError(
            "Evaluations are for pictures; score.json and history.csv of this "
            "run have what its points are worth: modes_found, good_share."
        )

    def draw(self, run, model):
        del model
        write_timeline(
            run.samples, run.samples / "timeline.gif", captions=False
        )
        return []

    def next_command(self, run):
        del run
        return (
            "python -m trainers.gan --recipe=grid_25 "
            "--adversarial_loss=minimax, or --penalty=none"
        )
