"""The course of a run, from data to exported files, the same for all trainers.

A trainer is a `Task`: it knows the data, the networks, what to draw, what to
watch and how to score. When and in which order, `run` knows.
"""

import abc

import tensorflow as tf

from keras_gans.callbacks import Evaluation
from trainers import config as config_lib
from trainers import distribution as distribution_lib
from trainers import environment, exports, hparams, report, training
from trainers import features as features_lib
from trainers.best import Best
from trainers.environment import say


class Task(abc.ABC):
    """Abstract base of what can be trained.

    Subclasses read the data as they are made: what cannot be used leaves no
    folder behind.

    Args:
        config: Config of the trainer.

    Attributes:
        trainer: String, name of the trainer, as in `python -m trainers.NAME`.
        unit: String, what a batch holds: `"pictures"`, `"pairs"` or `"points"`.
        is_exportable: Boolean, whether files for phones can be made of it.
        data_facts: Dictionary of strings on the data, for the page of the run,
            to be set by subclasses.
        pipeline: Object with `batch_size`, `steps_per_epoch` and
            `dataset(start_step)`, to be set by subclasses.
        main_figure: String, the figure of an evaluation by which the best
            checkpoint is chosen unless the flags name one.
        auto_features: What `--features=auto` is: another value of the flag,
            or `None` for no features, where there are pairs to compare.
    """

    trainer = None
    unit = "pictures"
    is_exportable = True
    data_facts = {}
    pipeline = None
    main_figure = ""
    auto_features = None

    def __init__(self, config):
        self.config = config

    @abc.abstractmethod
    def build_model(self):
        """Returns the compiled model.

        Raises:
            UsageError: If networks or model refuse what the flags ask for.
        """

    @abc.abstractmethod
    def describe(self, model):
        """Returns one line on the networks."""

    @abc.abstractmethod
    def pictures(self, run, summary_writer):
        """Returns the `EpochPictures`, and saves the inputs for exports."""

    def instruments(self, run):
        """Returns the `Instrument`s that watch the training."""
        del run
        return []

    @abc.abstractmethod
    def score(self, model, history, instruments):
        """Returns a dictionary that JSON can hold, `protocol` included."""

    @abc.abstractmethod
    def sentences(self, score, history):
        """Returns score and verdict as `(label, text)` lines."""

    @abc.abstractmethod
    def evaluator(self, run_path, features, seed):
        """Returns what scores the model on held-out pictures.

        Args:
            run_path: Path of the run folder.
            features: Value of `--features`.
            seed: Integer, of noise and chosen subsets.

        Returns:
            A `keras_gans.evaluation.Evaluator`.

        Raises:
            UsageError: If these features cannot be used.
        """

    def describe_split(self, split):
        """Which pictures are held out, for the protocol of scores."""
        return f"{self.config.data} {split}"

    def open_features(self, run_path, text, channels):
        """Returns the features object of `--features`, `text`, or `None`."""
        if text == "auto":
            text = self.auto_features
        if text is None:
            return None
        with config_lib.naming_flag("features", text):
            return features_lib.of_run(text, run_path, channels)

    def evaluations(self, run):
        """Returns the callbacks that evaluate every few epochs: one or none."""
        config = self.config
        if not config.evaluate_epochs:
            return []
        evaluator = self.evaluator(run.path, config.features, config.seed)
        with config_lib.naming_flag("features", config.features):
            evaluator.check()

        def evaluate(model):
            with config_lib.naming_flag("features", config.features):
                return evaluator(model)

        return [Evaluation(evaluate, config.evaluate_epochs)]

    @property
    def best_metric(self):
        """Name of the figure that the best checkpoint is chosen by, or ""."""
        if self.config.best_metric or not self.config.evaluate_epochs:
            return self.config.best_metric
        return self.main_figure

    def draw(self, run, model):
        """Draws what the finished run shows.

        Returns:
            List of `report.Figure`, for the page of the run.
        """
        del run, model
        return []

    def next_command(self, run):
        """Returns what to type next."""
        if self.is_exportable and not self.config.export:
            return f"python -m export --run_dir={run.path}"
        return f"python -m trainers.{self.trainer} --data=FOLDER, on your own"


def run(config, make_task):
    """Runs or goes on with one training.

    Args:
        config: Config of the trainer.
        make_task: Function of the config; a `Task`.

    Returns:
        An exit code.
    """
    # First of all: devices are set before TensorFlow computes anything.
    distribution = distribution_lib.create(config)
    config = distribution.share_config(config)
    environment.set_up(config, distribution)
    config.check_replicas(distribution.num_replicas)
    distribution.check_batch_size(config.batch_size)
    task = make_task(config)
    config.check_epoch(task.pipeline.steps_per_epoch)
    if config.accumulate_steps > 1:
        say(
            "parts",
            f"{config.accumulate_steps} of each batch; batch norms, and other "
            "statistics of a batch, are of a part",
        )
    best = Best(task.best_metric, config.patience)
    with distribution.scope():
        model = task.build_model()
    with distribution.run_folder(config, task.trainer) as run:
        return _train_in(run, task, model, distribution, best)


def _train_in(run, task, model, distribution, best):
    config = task.config
    run.write_json("environment.json", environment.describe())
    say("model", task.describe(model))
    if distribution.is_chief:
        say("run", str(run.path))
    run.samples.mkdir(exist_ok=True)
    seen = distribution.copy_for_pictures(model, task.build_model)
    callbacks = []
    if distribution.is_chief:
        pictures = task.pictures(
            run, tf.summary.create_file_writer(str(run.logs))
        )
        # Pictures that are all alike, for instance, cannot be watched.
        with config_lib.naming_flag("data", config.data):
            instruments = task.instruments(run)
        instruments += task.evaluations(run)
        hparams.write_flags(run, config)
        callbacks = [pictures, *instruments]
        run.write_json(report.SUMMARY, _summarise(task, model, instruments))
    history = training.fit(
        model,
        task.pipeline,
        run,
        config.epochs,
        config.checkpoint_steps,
        config.profile_steps,
        callbacks,
        distribution,
        seen,
        best,
    )
    if not distribution.is_chief:
        return 0
    return _finish(run, task, seen, history, instruments, best)


def _finish(run, task, model, history, instruments, best):
    """Scores, draws and exports what has been trained."""
    config = task.config
    num_epochs = len(history)
    score = task.score(model, history, instruments)
    sentences = [
        *task.sentences(score, history),
        *best.sentences(num_epochs, config.epochs),
    ]
    for label, text in sentences:
        say(label, text)
    figures = task.draw(run, model)
    exit_code = 0
    if config.export and task.is_exportable:
        exit_code = exports.export(run)
    run.write_json("score.json", score)
    run.write_json(
        report.SUMMARY,
        {
            **_summarise(task, model, instruments),
            "sentences": sentences,
            "figures": [figure.to_json(run.path) for figure in figures],
        },
    )
    hparams.write_scores(run, score, num_epochs)
    say("look", str(report.write(run.path, type(config))))
    say("next", task.next_command(run))
    return exit_code


def _summarise(task, model, instruments):
    """What the page of a run says that no other file of the folder holds."""
    return {
        "data": task.data_facts,
        "model": task.describe(model),
        "limits": {
            name: limit
            for instrument in instruments
            for name, limit in instrument.limits.items()
        },
    }
