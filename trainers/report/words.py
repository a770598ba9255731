"""What the page says: what is trained, and what to type next."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Trainer:
    """What a reader should know of a trainer.

    Attributes:
        name: String, what it trains.
        idea: String, in two or three sentences, the lecture's.
        samples: String, what the pictures of the epochs show.
    """

    name: str
    idea: str
    samples: str


TRAINERS = {
    "autoencoder": Trainer(
        "Autoencoder",
        "An encoder turns a picture into a code, a decoder the code into a "
        "picture again. What the code does not hold is lost, so both learn "
        "what matters in such pictures.",
        "The same held-out pictures in every epoch, and what is left of them "
        "on the way through the code.",
    ),
    "gan": Trainer(
        "GAN",
        "Two networks play a game. The generator draws pictures from noise, "
        "the discriminator is to tell them from real ones, and each learns "
        "from the other.",
        "The same noise in every epoch: what the generator makes of it.",
    ),
    "conditional_gan": Trainer(
        "Conditional GAN",
        "A generator draws pictures from noise and a label, a discriminator "
        "is to tell them from real pictures of that label, and each learns "
        "from the other.",
        "The same noise in every epoch: a class in each row, the same noise "
        "in each column.",
    ),
    "pix2pix": Trainer(
        "Pix2Pix",
        "A generator translates pictures, learning from pairs. The L1 loss "
        "keeps it near to the target; a discriminator that looks at patches "
        "keeps it from blurring.",
        "The same held-out pictures in every epoch: input, output, and the "
        "target that the generator never sees.",
    ),
    "cyclegan": Trainer(
        "CycleGAN",
        "Two generators translate between two sets of pictures, without "
        "pairs. Each translation should look like the other set to a "
        "discriminator, and there and back again should end where it began.",
        "The same held-out pictures in every epoch: a picture, its "
        "translation, the true counterpart where there is one, and the way "
        "back.",
    ),
}


_WATCHED = {
    "real_probability": "the discriminator's answers",
    "fake_probability": "the discriminator's answers",
    "answer_deviation": "how they swing",
    "sample_diversity": "how the samples differ from each other",
    "classes_found": "which classes they show",
    "label_accuracy": "whether they are what their label says",
    "copied_share": "whether they are copies of training pictures",
    "modes_found": "which modes they find",
}


def describe_watch(limits):
    """What instruments with these limits watched, for readers."""
    words = [_WATCHED.get(name, name.replace("_", " ")) for name in limits]
    return ", ".join(dict.fromkeys(words))


@dataclasses.dataclass(frozen=True)
class Command:
    """A command to type, and what it is good for."""

    line: str
    purpose: str


def next_commands(run):
    """Returns what to type next, a list of `Command`."""
    path = run.path
    if not run.is_finished:
        return [
            Command(
                f"python -m trainers.{run.trainer} --run_dir={path}",
                "Go on with this run, from its newest checkpoint.",
            )
        ]
    commands = []
    if run.exports and run.benchmark is None:
        commands.append(
            Command(
                f"python -m export.benchmark --export_dir={path}/export "
                f"--output_dir={path}/benchmark",
                "Measure how fast the exported files are on this machine.",
            )
        )
    elif run.makes_pictures and not run.exports:
        commands.append(
            Command(
                f"python -m export --run_dir={path}",
                "Make files for phones of it, proven equal to what was "
                "trained.",
            )
        )
    if run.trainer in ("pix2pix", "cyclegan"):
        commands.append(
            Command(
                f"python -m trainers.predict --run_dir={path} --input=FOLDER",
                "Translate pictures of your own, of any size.",
            )
        )
    return [
        *commands,
        Command(
            f"python -m trainers.compare {path} OTHER_RUN",
            "Set this run beside others: the same inputs in the same row.",
        ),
        Command(
            f"python -m trainers.report --run_dir={path}",
            "Write this page again, with what has come to the folder since.",
        ),
        Command(
            f"python -m trainers.{run.trainer} --data=FOLDER",
            "Train on pictures of your own.",
        ),
    ]


def describe_value(value):
    """The value of a flag, for readers."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value == "" else str(value)


def duration(seconds):
    """A time, for readers."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
