"""What is asked of an export, and what became of it."""

import dataclasses
from pathlib import Path

from export.formats import Bounds
from export.signature import DEFAULT_NAME, OUTPUTS, role_of


@dataclasses.dataclass(frozen=True)
class ExportRequest:
    """One network to export.

    Args:
        network: Built `keras.Model` to images or, if it is an encoder, codes.
        inputs: Dict from name to array `(n, ...)`, for the parity check.
        folder: Path of the folder to write; it is replaced as a whole.
        name: The network's name, which tells its role.
        step: Training step of the weights, or `None`.
        source: Where `inputs` came from, for the record.
        num_classes: Integer, labels are below it; `None` if there are none, or
            nobody knows.
        mode: `export.sources.Mode` that the network runs in, for the record;
            `None` if it has but one.
        prior: Name of the distribution of the codes that a decoder was trained
            for, for the record; `None` if there is none.
        sizes: Tuple of pairs `(height, width)`, or `export.endpoints.FREE`; ()
            for the size of `inputs`.
        image_dtype: From `export.signature.IMAGE_DTYPES`.
        calibration: Dict from name to array `(n, ...)`, other inputs than
            `inputs`; `None` if there are none.
        float_ends: Names from `export.formats.ENDS`, of convolutions that stay
            float32 in the dynamic format.
        force_int8: Boolean, whether int8 is tried for networks with instance
            norms too.
    """

    network: object
    inputs: dict
    folder: Path
    name: str = "generator"
    step: int | None = None
    source: str = "given by the caller"
    num_classes: int | None = None
    mode: object = None
    prior: str | None = None
    sizes: tuple | str = ()
    image_dtype: str = "float32"
    calibration: dict | None = None
    float_ends: tuple = ()
    force_int8: bool = False

    @property
    def role(self):
        return role_of(self.name)

    @property
    def output_name(self):
        return OUTPUTS[self.role]


@dataclasses.dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Args:
        format: Name in `export.formats.FORMATS`.
        file_name: Name of the file, or folder.
        num_bytes: Size of the file; 0 if it was never made.
        bounds: `export.formats.Bounds` that it was judged by.
        figures: Dict of what was measured, or of the error met.
        problems: Sentences; the file is published if there are none.
        rewrites: Dict from the name of each rewrite of the file's network to
            how often it was applied.
    """

    format: str
    file_name: str
    num_bytes: int
    bounds: Bounds
    figures: dict
    problems: list
    rewrites: dict = dataclasses.field(default_factory=dict)

    @property
    def passed(self):
        return not self.problems

    def as_json(self):
        return {
            "name": self.file_name,
            "format": self.format,
            "bytes": self.num_bytes,
            "passed": self.passed,
            "problems": self.problems,
            "rewrites": self.rewrites,
            "bounds": dataclasses.asdict(self.bounds),
            "figures": self.figures,
        }


@dataclasses.dataclass(frozen=True)
class ExportResult:
    """What became of one network.

    Args:
        name: The network's name.
        folder: Path of the export. If no file passed, it is as it was before.
        signature: `export.signature.Signature` of the files, of the first if
            they have several.
        reports: List of `FileReport`, one per format.
        signature_name: Name that the files know the signature by.
    """

    name: str
    folder: Path
    signature: object
    reports: list
    signature_name: str = DEFAULT_NAME

    @property
    def ok(self):
        return all(report.passed for report in self.reports)
