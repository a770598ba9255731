"""Pictures as the data of a GAN, with or without labels."""

import functools

import numpy as np

from keras_gans import data, evaluation
from keras_gans.callbacks import (
    ClassCoverage,
    LabelAccuracy,
    Memorization,
    SampleDiversity,
    SampleGrids,
    draw_grid,
    draw_interpolations,
    write_timeline,
)
from keras_gans.metrics import ImageClassifier, frechet_distance
from keras_gans.models import GAN, ConditionalGAN
from trainers import config as config_lib
from trainers import image_networks, picture_data, plots
from trainers.config import UsageError
from trainers.environment import report_alarm, say
from trainers.latent import LatentTask
from trainers.report import Figure

_NUM_SAMPLES = 64
_SAMPLES_PER_CLASS = 8
_SHOWN_CLASSES = 10
_LARGEST_CLASSIFIED_SIDE = 64
_EXPORT_INPUTS = 8
_SHOWN_NEAREST = 10


class ImageTask(LatentTask):
    """A GAN that learns the distribution of pictures.

    Args:
        config: Config of `trainers.gan` or `trainers.conditional_gan`.

    Raises:
        UsageError: If the data do not fit the flags.
        keras_gans.data.ImageError: If pictures cannot be read.
    """

    trainer = "gan"
    main_figure = "val_frechet_distance"
    auto_features = "auto"  # The run's classifier, or pixels.

    def __init__(self, config):
        super().__init__(config)
        size = _square(config.image_size)
        self._images = images = picture_data.open_images(config)
        self._shape = (*size, config.channels)
        self._check_labels()
        self.pipeline = picture_data.open_pipeline(
            images,
            config,
            size,
            config.batch_size * config.discriminator_steps,
            load_size=config_lib.parse_size("load_size", config.load_size)
            if config.load_size
            else size,
            steps_per_epoch=config.steps_per_epoch or None,
            **self._labels_of_pipeline(),
        )
        # Now: a broken test picture leaves no folder behind either.
        load_some = functools.partial(picture_data.load_some, images, size)
        self._real, self._real_labels = load_some("train")
        self._held_out, self._held_out_labels = load_some("test")
        self.data_facts = picture_data.describe(images, config, size)

    def _check_labels(self):
        """Refuses data that lack what the networks need."""

    def _labels_of_pipeline(self):
        return {}

    def connect(self, **arguments):
        networks = image_networks.build(self.config, self._shape)
        return GAN(*networks, **arguments)

    def pictures(self, run, summary_writer):
        np.savez_compressed(
            run.samples / "inputs.npz",
            **{
                f"generator{name}": inputs[:_EXPORT_INPUTS]
                for name, inputs in self._export_inputs().items()
            },
        )
        return SampleGrids(
            directory=run.samples,
            every_epochs=self.config.sample_epochs,
            summary_writer=summary_writer,
            **self._rows(),
        )

    def _draw_latents(self, count):
        rng = np.random.default_rng(self.config.seed)
        shape = (count, self.config.latent_dim)
        return rng.standard_normal(shape, "float32")

    def _export_inputs(self):
        return {"": self._draw_latents(_EXPORT_INPUTS)}

    def _rows(self):
        return {"latents": self._draw_latents(_NUM_SAMPLES)}

    def watch(self, run):
        # The classifier is trained once in a run.
        self._classifier = self._get_classifier(run)
        self._coverage = self._memorization = None
        instruments = [self._diversity_instrument()]
        if self._classifier is not None:
            instruments += self._label_instruments()
        if self._held_out is None:
            say("note", "no test pictures: nobody watches for memorisation")
        else:
            self._memorization = Memorization(
                self._real, self._held_out, report=report_alarm
            )
            instruments.append(self._memorization)
        return instruments

    def _get_classifier(self, run):
        if self._images.num_classes < 2:
            return None
        if max(self._shape[:2]) > _LARGEST_CLASSIFIED_SIDE:
            say("note", "pictures are too large for the small classifier")
            return None
        path = run.path / "classifier.keras"
        if path.exists():
            return ImageClassifier.load(path)
        say("watch", "training a small classifier, to look at the samples")
        classifier = ImageClassifier.train(
            self._real,
            self._real_labels,
            self._images.num_classes,
            self.config.seed,
        )
        # Whole or not at all: a run that goes on reads it.
        unfinished = path.with_name(".unfinished.keras")
        classifier.save(unfinished)
        unfinished.replace(path)
        return classifier

    def _diversity_instrument(self):
        return SampleDiversity(self._real, report=report_alarm)

    def _label_instruments(self):
        num_classes = self._images.num_classes
        self._coverage = ClassCoverage(
            self._classifier,
            num_classes,
            self._images.class_names,
            num_samples=max(500, 10 * num_classes),
            report=report_alarm,
        )
        return [self._coverage]

    def evaluator(self, run_path, features, seed):
        images, labels, split = self._held_out, self._held_out_labels, "test"
        if images is None:
            say("note", "no test pictures: samples are compared with training")
            images, labels, split = self._real, self._real_labels, "train"
        return evaluation.of_samples(
            self.open_features(run_path, features, images.shape[-1]),
            images,
            self._labels_to_draw(labels),
            self.describe_split(split),
            seed,
        )

    def _labels_to_draw(self, labels):
        """What samples are drawn of, beside real pictures of `labels`."""
        del labels

    def measure(self, model):
        if self._classifier is None or self._held_out is None:
            return {"protocol": "figures of the instruments, last weights"}
        count = len(self._held_out)
        features = self._classifier.features
        test_features = features(self._held_out)
        places = np.linspace(0, len(self._real) - 1, count).astype(int)
        return {
            "protocol": (
                f"Frechet distance of {count} samples to the test pictures, "
                "in the features of the run's own small classifier, last "
                "weights"
            ),
            "frechet_distance": frechet_distance(
                features(self._sample(model, count)), test_features
            ),
            "frechet_distance_of_real": frechet_distance(
                features(self._real[places]), test_features
            ),
        }

    def _sample(self, model, count):
        return model.sample(count, seed=self.config.seed)

    def draw(self, run, model):
        write_timeline(run.samples, run.samples / "timeline.gif")
        real = Figure(
            run.plots / "real_pictures.png",
            "Real pictures",
            "Training pictures, to hold the samples against.",
        )
        self._draw_real().save(real.path)
        paths = Figure(
            run.samples / "interpolations.png",
            "Interpolations",
            "From one noise to another, in small steps. Where each step is a "
            "picture too, the generator has learned more than examples.",
        )
        self._draw_interpolations(model).save(paths.path)
        figures = [real, paths]
        # Measured again: a run killed after its last epoch measured nothing.
        if self._coverage is not None:
            self._coverage.set_model(model)
            self._coverage.measure()
            histogram = self._coverage.histogram
            classes = Figure(
                run.plots / "classes.png",
                "Classes",
                "How often each class is drawn, as a small classifier sees it. "
                "A class that is missing is a lost mode.",
            )
            plots.plot_classes(
                histogram / histogram.sum(),
                self._images.class_names,
                classes.path,
            )
            figures.append(classes)
        if self._memorization is not None:
            self._memorization.set_model(model)
            self._memorization.measure()
            nearest = Figure(
                run.plots / "nearest.png",
                "Nearest training pictures",
                "The samples that are nearest to a training picture, above "
                "that picture. Equal pairs would be copies.",
            )
            _draw_nearest(self._memorization).save(nearest.path)
            figures.append(nearest)
        return figures

    def _draw_real(self):
        places = data.spread(len(self._real), _NUM_SAMPLES)
        return draw_grid(self._real[places], 8)

    def _draw_interpolations(self, model):
        return draw_interpolations(model, 8, 10, self.config.seed)


class ConditionalImageTask(ImageTask):
    """A GAN that learns the distribution of pictures of each class."""

    trainer = "conditional_gan"

    def _check_labels(self):
        if self._images.num_classes < 2:
            raise UsageError(
                "--data must have labels of two classes or more: "
                "embedded:fashion_mnist, one folder per class, or a set of "
                f"TensorFlow Datasets with `label`. {self.config.data} has "
                f"{self._images.num_classes} classes."
            )

    def _labels_of_pipeline(self):
        return {
            "labels": self._images.train_labels,
            "num_classes": self._images.num_classes,
        }

    def connect(self, **arguments):
        num_classes = self._images.num_classes
        networks = image_networks.build(self.config, self._shape, num_classes)
        return ConditionalGAN(*networks, num_classes, **arguments)

    def _export_inputs(self):
        labels = np.arange(_EXPORT_INPUTS) % self._images.num_classes
        return {
            "/latents": self._draw_latents(_EXPORT_INPUTS),
            "/labels": labels.astype("int32"),
        }

    @property
    def _shown_labels(self):
        return np.arange(min(self._images.num_classes, _SHOWN_CLASSES))

    def _rows(self):
        return {
            "latents": self._draw_latents(_SAMPLES_PER_CLASS),
            "labels": self._shown_labels,
            "class_names": self._images.class_names,
        }

    def _diversity_instrument(self):
        return SampleDiversity(
            self._real,
            self._real_labels,
            num_samples=max(256, 4 * self._images.num_classes),
            report=report_alarm,
        )

    def _labels_to_draw(self, labels):
        return labels

    def _label_instruments(self):
        num_classes = self._images.num_classes
        accuracy = 1.0
        if self._held_out_labels is not None:
            accuracy = self._classifier.accuracy(
                self._held_out, self._held_out_labels
            )
            say("watch", f"it is right on {accuracy:.1%} of the test pictures")
        if accuracy <= 1 / num_classes:
            say("note", "no better than chance: nobody watches the labels")
            return []
        return [
            LabelAccuracy(
                self._classifier, num_classes, accuracy, report=report_alarm
            )
        ]

    def _sample(self, model, count):
        labels = np.arange(count) % self._images.num_classes
        return model.sample(labels, seed=self.config.seed)

    def _draw_real(self):
        rows, names = [], []
        for label in self._shown_labels:
            chosen = np.flatnonzero(self._real_labels == label)
            if len(chosen):
                # Of few pictures, some more than once: rows have one length.
                places = np.linspace(0, len(chosen) - 1, _SAMPLES_PER_CLASS)
                rows.append(self._real[chosen[places.astype(int)]])
                names.append(self._images.class_names[label])
        return draw_grid(np.concatenate(rows), _SAMPLES_PER_CLASS, names)

    def _draw_interpolations(self, model):
        labels = self._shown_labels
        return draw_interpolations(
            model,
            len(labels),
            10,
            self.config.seed,
            labels,
            self._images.class_names,
        )


def _draw_nearest(memorization):
    """Samples above the training pictures that are nearest to them."""
    nearest_first = np.argsort(memorization.nearest_distances)[:_SHOWN_NEAREST]
    return draw_grid(
        np.concatenate(
            [
                memorization.samples[nearest_first],
                memorization.nearest_images[nearest_first],
            ]
        ),
        len(nearest_first),
        ["sample", "nearest in training"],
    )


def _square(image_size):
    height, width = config_lib.parse_size("image_size", image_size)
    if height != width:
        raise UsageError(
            "--image_size must be one side: the networks make squares. "
            f"Received: {image_size}."
        )
    return height, width
