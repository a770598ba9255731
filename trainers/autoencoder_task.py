"""The four autoencoders as tasks: networks, scores and the lecture's pictures.

They differ in the loss, in what is measured, and in what is drawn of it.
"""

import abc

import keras
import numpy as np

from keras_gans import data, evaluation
from keras_gans.callbacks import Overfitting, Reconstructions
from keras_gans.layers import (
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
)
from keras_gans.models import (
    Autoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from keras_gans.optimizers import FlatThenLinear
from trainers import autoencoder_scores as scores
from trainers import exports, picture_data
from trainers.autoencoder_album import Album
from trainers.autoencoder_networks import build_networks
from trainers.config import UsageError
from trainers.environment import plain_warnings, report_alarm, say
from trainers.task import Task

CORRUPTIONS = {
    "gaussian": GaussianCorruption,
    "masking": MaskingCorruption,
    "salt_and_pepper": SaltAndPepperCorruption,
}
_NUM_SHOWN = 10
# Held-out pictures that are watched in each epoch.
_NUM_WATCHED = 500
_EXPORT_INPUTS = 8


class AutoencoderTask(Task, abc.ABC):
    """Abstract base of the four kinds.

    Args:
        config: Config of `trainers.autoencoder`.

    Raises:
        UsageError: If the data do not fit the flags.
        keras_gans.data.ImageError: If pictures cannot be read.

    Attributes:
        flags: Tuple of the names of flags that are for this kind alone.
        default_code_dim: Integer.
        images: Held-out pictures to score with, float32 `(n, height, width,
            channels)` in [-1, 1]; training pictures if there are no others.
        train_images: Training pictures, of many evenly spread ones.
    """

    trainer = "autoencoder"
    main_figure = "val_psnr"
    flags = ()
    default_code_dim = 32
    code_activation = "linear"
    output_activation = "tanh"
    is_variational = False

    def __init__(self, config):
        super().__init__(config)
        size = config.size
        image_set = picture_data.open_images(config)
        self.shape = (*size, config.channels)
        self.code_dim = config.code_dim or self.default_code_dim
        self.pipeline = picture_data.open_pipeline(
            image_set, config, size, config.batch_size, binarize=config.binarize
        )
        self.train_images, self.train_labels = self._load(image_set, "train")
        self.images, self.labels = self._load(image_set, "test")
        self.split = "test"
        if self.images is None:
            say("note", "no test pictures: training pictures are scored")
            self.images, self.labels = self.train_images, self.train_labels
            self.split = "train"
        self.class_names = image_set.class_names
        self.data_facts = picture_data.describe(image_set, config, size)

    def _load(self, image_set, split):
        images, labels = picture_data.load_some(
            image_set, self.config.size, split
        )
        if self.config.binarize and images is not None:
            images = data.binarize(images, self.config.seed)
        return images, labels

    def build_model(self):
        try:
            model = self.connect(
                *build_networks(
                    self.config,
                    self.shape,
                    self.code_dim,
                    self.code_activation,
                    self.output_activation,
                    self.is_variational,
                )
            )
            self.compile(model)
        except ValueError as error:
            raise UsageError(str(error)) from error
        return model

    @abc.abstractmethod
    def connect(self, encoder, decoder):
        """Returns the model of this kind, not compiled."""

    def compile(self, model):
        """Compiles `model`; kinds with weights of terms have their own."""
        model.compile(self.optimizer(), **self.config.compile_arguments)

    def optimizer(self):
        """Adam, with the schedule of the flags."""
        config = self.config
        return keras.optimizers.Adam(
            FlatThenLinear(
                config.learning_rate,
                self.pipeline.steps_per_epoch,
                config.flat_epochs,
                config.decay_epochs,
            )
        )

    def describe(self, model):
        return (
            f"{self.config.model}, {self.config.network}: code of "
            f"{self.code_dim}, encoder {model.encoder.count_params():,}, "
            f"decoder {model.decoder.count_params():,} parameters"
        )

    def corrupt(self, images):
        """Returns what a denoising model is shown of `images`, or `None`."""
        del images

    def _some(self, most):
        """Evenly spread held-out pictures, many or few."""
        return self.images[data.spread(len(self.images), most)]

    def pictures(self, run, summary_writer):
        images = self._some(_NUM_SHOWN)
        # Until there are codes of a trained encoder, in `draw`.
        noise = np.random.default_rng(self.config.seed).standard_normal(
            (_EXPORT_INPUTS, self.code_dim), "float32"
        )
        self._save_export_inputs(run, noise)
        return Reconstructions(
            images,
            run.samples,
            self.config.sample_epochs,
            self.corrupt(images),
            summary_writer,
        )

    def _save_export_inputs(self, run, codes):
        images = self._some(_EXPORT_INPUTS)
        np.savez_compressed(
            run.samples / "inputs.npz",
            **{"encoder": images, "decoder/codes": codes},
        )
        chosen = data.spread(
            len(self.train_images), exports.NUM_CALIBRATION_PICTURES
        )
        exports.save_calibration(run, encoder=self.train_images[chosen])

    def instruments(self, run):
        if self.split == "train":
            return []
        images = self._some(_NUM_WATCHED)
        return [Overfitting(images, self.corrupt(images), report_alarm)]

    def evaluator(self, run_path, features, seed):
        return evaluation.of_reconstructions(
            self.images,
            self.corrupt(self.images),
            self.open_features(run_path, features, self.config.channels),
            self.describe_split(self.split),
            seed,
        )

    def score(self, model, history, instruments):
        images = self.images
        corrupted = self.corrupt(images)
        shown = images if corrupted is None else corrupted
        alarms = [instrument.diagnose(history) for instrument in instruments]
        return {
            "protocol": scores.PROTOCOL.format(
                count=len(images), split=self.split
            ),
            "reconstruction": scores.score_reconstructions(
                images, model.reconstruct(shown)
            ),
            **scores.score_components(
                self.train_images, images, shown, self.code_dim
            ),
            **scores.score_neighbourhoods(
                self.train_images, images, model.encode(images)
            ),
            **self.measure(model),
            "alarms": [alarm for alarm in alarms if alarm],
        }

    def measure(self, model):
        """Returns figures that only this kind has, a dictionary for JSON."""
        del model
        return {}

    def sentences(self, score, history):
        return scores.sentences(score, self.verdict(score))

    def verdict(self, score):
        """Returns in a sentence or two what the figures mean."""
        return scores.compare_with_components(score, self.code_dim)

    def draw(self, run, model):
        self._save_export_inputs(run, model.encode(self._some(_EXPORT_INPUTS)))
        few = self._some(_NUM_SHOWN)
        album = Album(run.plots, model, self.config.seed)
        if min(len(self.images), len(self.train_images)) < 2:
            say("note", "a single picture: nothing to compare it with")
            return album.figures
        self.draw_own(album)
        album.draw_activations(self.images, self.target_activity)
        album.draw_plane(
            self.train_images, self.images, self.labels, self.class_names
        )
        if self.is_variational:
            album.draw_prior()
        else:
            album.draw_fitted_normal(self.train_images)
        album.draw_perturbations(few)
        album.draw_interpolations(few)
        album.draw_traversals(self.images)
        album.draw_extremes(self.images)
        return album.figures

    def draw_own(self, album):
        """Draws what only this kind has to show."""

    @property
    def target_activity(self):
        """The activity that a sparse code is held to, or `None`."""
        return None


class UndercompleteTask(AutoencoderTask):
    """A code that is smaller than the pictures."""

    def connect(self, encoder, decoder):
        with plain_warnings():
            return Autoencoder(encoder, decoder)


class DenoisingTask(AutoencoderTask):
    """Corrupted pictures that are held to clean ones."""

    flags = ("corruption", "corruption_level")
    # Copying is no way out, so a narrow code would only cost detail.
    default_code_dim = 256

    def connect(self, encoder, decoder):
        corruption = CORRUPTIONS[self.config.corruption]
        return DenoisingAutoencoder(
            encoder,
            decoder,
            corruption(self.config.corruption_level, seed=self.config.seed),
        )

    def corrupt(self, images):
        return scores.corrupt(
            images,
            CORRUPTIONS[self.config.corruption],
            self.config.corruption_level,
        )

    def measure(self, model):
        corruption = CORRUPTIONS[self.config.corruption]
        return scores.score_denoising(
            model, self.images, corruption, self.config.corruption_level
        )

    def verdict(self, score):
        return (
            f"{scores.describe_gain(score, self.config.corruption_level)} "
            f"{super().verdict(score)}"
        )

    def draw_own(self, album):
        album.draw_denoising(
            self._some(_NUM_SHOWN), CORRUPTIONS[self.config.corruption]
        )


class SparseTask(AutoencoderTask):
    """A large code, of which each picture uses little."""

    flags = ("penalty", "penalty_weight", "target_activity")
    default_code_dim = 256

    @property
    def code_activation(self):
        # Activities for a target lie in (0, 1); L1 makes true zeros.
        return "sigmoid" if self.config.penalty == "kl" else "relu"

    def connect(self, encoder, decoder):
        return SparseAutoencoder(encoder, decoder)

    def compile(self, model):
        config = self.config
        say("sparsity", self._describe_penalty())
        model.compile(
            self.optimizer(),
            config.penalty,
            config.penalty_weight,
            config.target_activity,
            **config.compile_arguments,
        )

    def _describe_penalty(self):
        config = self.config
        words = f"{config.penalty}, weight {config.penalty_weight}"
        if config.penalty == "kl":
            words += f", target activity {config.target_activity}"
        return words

    @property
    def target_activity(self):
        is_held = self.config.penalty == "kl"
        return self.config.target_activity if is_held else None

    def measure(self, model):
        return scores.score_sparsity(model, self.images)

    def verdict(self, score):
        # Principal components need not be sparse: more of them lose less.
        return scores.describe_sparsity(score, self.target_activity)


class VariationalTask(AutoencoderTask):
    """A code that can be sampled."""

    flags = (
        "likelihood",
        "variance",
        "beta",
        "free_bits",
        "kl_warmup_steps",
    )
    is_variational = True

    @property
    def output_activation(self):
        # Logits of black and white, or means in [-1, 1].
        is_bernoulli = self.config.likelihood == "bernoulli"
        return "linear" if is_bernoulli else "tanh"

    def connect(self, encoder, decoder):
        return VariationalAutoencoder(
            encoder,
            decoder,
            self.config.likelihood,
            self.config.variance,
            self.config.seed,
        )

    def compile(self, model):
        config = self.config
        model.compile(
            self.optimizer(),
            config.beta,
            config.free_bits,
            config.kl_warmup_steps,
            **config.compile_arguments,
        )

    def measure(self, model):
        return scores.score_likelihood(model, self.images, self.config.seed)

    def verdict(self, score):
        return scores.describe_code(score, self.code_dim)


TASKS = {
    "undercomplete": UndercompleteTask,
    "denoising": DenoisingTask,
    "sparse": SparseTask,
    "variational": VariationalTask,
}
