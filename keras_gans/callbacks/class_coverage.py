"""Does an unconditional generator draw every class?"""

import numpy as np

from keras_gans.callbacks import instrument

_LEAST_SHARE = 0.1


class ClassCoverage(instrument.Instrument):
    """Tells which classes an unconditional generator has forgotten.

    A classifier sorts samples of a fixed noise batch. The figure
    `classes_found` is the number of classes that have at least a tenth of
    their fair share, which is `1 / num_classes`; the figures `class_0_share`
    and so on are the shares themselves. It is for training sets whose classes
    are about equally large.

    An alarm comes if classes are missing in three epochs on end and were all
    there before, or after the tenth epoch.

    Attributes:
        histogram: Integers `(num_classes,)`, how many of the last samples
            each class has, or `None` before the first epoch's end.

    Args:
        classifier: Object with `classify(images)`, such as an
            `ImageClassifier`.
        num_classes: Integer >= 2.
        class_names: Strings, one for each class, for the alarm; empty for
            their numbers.
        num_samples: Integer >= `10 * num_classes`. Defaults to 500.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    def __init__(
        self,
        classifier,
        num_classes,
        class_names=(),
        num_samples=500,
        report=None,
    ):
        if class_names and len(class_names) != num_classes:
            raise ValueError(
                f"`class_names` must be {num_classes} names or none. "
                f"Received: class_names={class_names}."
            )
        if num_samples < 10 * num_classes:
            raise ValueError(
                "`num_samples` must be at least 10 for each class, or chance "
                f"decides. Received: num_samples={num_samples}, "
                f"num_classes={num_classes}."
            )
        super().__init__(report)
        self.classifier = classifier
        self.num_classes = num_classes
        self.class_names = class_names or range(num_classes)
        self.num_samples = num_samples
        self.histogram = None
        self.limits = {"classes_found": num_classes}

    def measure(self):
        samples = self.model.sample(self.num_samples, seed=instrument.SEED)
        self.histogram = np.bincount(
            self.classifier.classify(samples), minlength=self.num_classes
        )
        shares = self.histogram / self.num_samples
        is_found = shares >= _LEAST_SHARE / self.num_classes
        return {
            "classes_found": float(np.sum(is_found)),
            **{f"class_{i}_share": float(x) for i, x in enumerate(shares)},
        }

    def diagnose(self, history):
        rows = instrument.rows_with(history, "classes_found")
        if not instrument.falls_short(rows, "classes_found", self.num_classes):
            return None
        row = rows[-1]
        missing = [
            str(name)
            for i, name in enumerate(self.class_names)
            if row[f"class_{i}_share"] < _LEAST_SHARE / self.num_classes
        ]
        return (
            f"Samples show {row['classes_found']:.0f} of {self.num_classes} "
            f"classes; missing: {', '.join(missing)}. The generator leaves "
            "out part of the data (partial mode collapse). Let the "
            "discriminator compare images of a batch (minibatch standard "
            "deviation), add a gradient penalty such as r1, or tell both "
            "networks the label (ConditionalGAN)."
        )
