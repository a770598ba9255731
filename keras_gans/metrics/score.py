"""A figure that knows how it came about, and what it may be compared with."""

import dataclasses
import math


class ProtocolMismatch(ValueError):
    """Two figures were to be compared that were not measured alike."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """All that decides a figure besides the images.

    Args:
        num_real: Integer, how many real images the figure is of; for pairs,
            how many targets.
        num_fake: Integer, how many generated images; for pairs, as many.
        features: String, the name of the features, `""` for pairs.
        features_hash: String, SHA-256 of what computes them, `""` for pairs.
        resizer: String, how images come to the size of the network that gives
            the features; `"none"` if they have it.
        split: String, which real images: a data set and its part, such as
            `"fashion_mnist test"`.
        seed: Integer, of what is drawn: the generated images, and subsets.
        num_subsets: Integer, how many subsets the figure is a mean over, or
            `None` if there are none.
        subset_size: Integer, images of either kind in a subset, or `None`.
        num_neighbors: Integer, which nearest neighbour bounds the
            neighbourhood of an image, or `None` if there is none.
    """

    num_real: int
    num_fake: int
    features: str = ""
    features_hash: str = ""
    resizer: str = "none"
    split: str = ""
    seed: int = 0
    num_subsets: int | None = None
    subset_size: int | None = None
    num_neighbors: int | None = None

    def differences(self, other):
        """Says in which fields two protocols differ, and how.

        Args:
            other: `Protocol`.

        Returns:
            A list of strings such as `"num_fake: 100 and 200"`, empty if the
            two are alike.
        """
        return [
            f"{field.name}: {own!r} and {others!r}"
            for field in dataclasses.fields(self)
            if (own := getattr(self, field.name))
            != (others := getattr(other, field.name))
        ]

    def __str__(self):
        parts = [f"{self.num_real} real and {self.num_fake} fake images"]
        if self.split:
            parts.append(f"split {self.split}")
        if self.features:
            digest = self.features_hash[:12] or "without a hash"
            parts.append(f"features {self.features} ({digest})")
            parts.append(f"resizer {self.resizer}")
        if self.num_subsets is not None:
            parts.append(f"{self.num_subsets} subsets of {self.subset_size}")
        if self.num_neighbors is not None:
            parts.append(f"{self.num_neighbors} neighbours")
        return ", ".join([*parts, f"seed {self.seed}"])


@dataclasses.dataclass(frozen=True)
class Score:
    """One figure with its protocol.

    Args:
        name: String: `"frechet_distance"`, `"kernel_distance"`, `"precision"`,
            `"recall"`, `"density"`, `"coverage"`, `"diversity"`, `"ssim"`,
            `"psnr"` or `"l1"`.
        value: Finite float.
        protocol: `Protocol`.
        lower_is_better: Boolean.
        notes: Tuple of sentences that whoever reads the figure must know.

    Raises:
        ValueError: If `value` is NaN or infinite.
    """

    name: str
    value: float
    protocol: Protocol
    lower_is_better: bool
    notes: tuple = ()

    def __post_init__(self):
        if not math.isfinite(self.value):
            raise ValueError(
                f"`value` of {self.name} must be finite. "
                f"Received: value={self.value}."
            )

    def is_better_than(self, other):
        """Whether this figure is better than another one measured alike.

        Args:
            other: `Score`.

        Returns:
            A boolean; `False` if both are equal.

        Raises:
            ProtocolMismatch: If the two are of different names or protocols.
        """
        differences = self.protocol.differences(other.protocol)
        if self.name != other.name:
            differences.insert(0, f"name: {self.name!r} and {other.name!r}")
        if differences:
            raise ProtocolMismatch(
                "Two figures must have one name and one protocol to be "
                f"compared. They differ in {'; '.join(differences)}."
            )
        if self.lower_is_better:
            return self.value < other.value
        return self.value > other.value

    def to_json(self):
        """Returns a dictionary for a JSON file."""
        return {**dataclasses.asdict(self), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, record):
        """Makes the score of what `to_json` returned.

        Raises:
            ValueError: If a field is missing or unknown.
        """
        try:
            protocol = Protocol(**record["protocol"])
            fields = {**record, "protocol": protocol}
            return cls(**{**fields, "notes": tuple(record["notes"])})
        except (KeyError, TypeError) as error:
            raise ValueError(
                "`record` must be what `Score.to_json` returned. "
                f"Received: {record!r}."
            ) from error

    def __str__(self):
        better = "lower" if self.lower_is_better else "higher"
        line = f"{self.name} {self.value:.6g} ({better} is better): "
        return " ".join([f"{line}{self.protocol}.", *self.notes])
