"""Does a conditional generator draw what it is told to?"""

import numpy as np

from keras_gans.callbacks import instrument


class LabelAccuracy(instrument.Instrument):
    """Tells when a conditional generator does not heed its labels.

    The figure `label_accuracy` is the share of samples that a classifier
    takes for the class that was asked for; every class is asked for equally
    often. An alarm comes if it is nearer to chance, `1 / num_classes`, than
    to what the classifier reaches on real images: in three epochs on end, if
    it was higher before, or after the tenth epoch.

    Args:
        classifier: Object with `classify(images)`, such as an
            `ImageClassifier`.
        num_classes: Integer >= 2.
        real_accuracy: Float, the classifier's accuracy on real images that
            it has not seen. Defaults to 1.
        num_samples: Integer >= 1. Defaults to 500.
        report: Callable that gets the sentences of an alarm, or `None` to
            print them.
    """

    def __init__(
        self,
        classifier,
        num_classes,
        real_accuracy=1.0,
        num_samples=500,
        report=None,
    ):
        chance = 1 / num_classes
        if not chance < real_accuracy <= 1:
            raise ValueError(
                "`real_accuracy` must be better than chance and at most 1. "
                f"Received: real_accuracy={real_accuracy}, "
                f"num_classes={num_classes}."
            )
        super().__init__(report)
        self.classifier = classifier
        self.asked = np.arange(num_samples) % num_classes
        self.limits = {"label_accuracy": (chance + real_accuracy) / 2}

    def measure(self):
        samples = self.model.sample(self.asked, seed=instrument.SEED)
        is_right = self.classifier.classify(samples) == self.asked
        return {"label_accuracy": float(np.mean(is_right))}

    def diagnose(self, history):
        rows = instrument.rows_with(history, "label_accuracy")
        limit = self.limits["label_accuracy"]
        if not instrument.falls_short(rows, "label_accuracy", limit):
            return None
        accuracy = rows[-1]["label_accuracy"]
        return (
            f"Only {accuracy:.0%} of the samples look like the class that was "
            f"asked for; {limit:.0%} would be half-way between chance and "
            "real images. The generator ignores its labels. Check that images "
            "and labels are shuffled together, condition the discriminator by "
            "projection, or weaken a discriminator that judges images without "
            "a look at the label (a gradient penalty, a lower learning rate)."
        )
