"""What is measured: each signature of each file is a row of its own."""

import dataclasses
from pathlib import Path

from export.benchmark import processes
from export.errors import ExportError


@dataclasses.dataclass(frozen=True)
class Subject:
    """One row.

    Args:
        name: What the row is called, such as `generator_float32.tflite`.
        runtime: Name in `export.benchmark.runtimes.RUNTIMES`.
        path: Path of the file or folder that the runtime opens; `None` if
            there is none.
        network: Name of the network, or "".
        signature: Name of the function in the file, or `None`.
        inputs: Dict from name to `{"shape", "dtype"}`.
        num_bytes: Size on disk; `None` if it was never exported.
        weights: Name of the dtype that most weights are stored in, or `None`.
        operators: Dict from the name of an operator to how many there are, or
            `None`.
        partitions: Integer, parts that XNNPACK runs without a break, or `None`.
        problem: Sentence, why there is nothing to measure, or `None`.
    """

    name: str
    runtime: str
    path: Path | None
    network: str = ""
    signature: str | None = None
    inputs: dict = dataclasses.field(default_factory=dict)
    num_bytes: int | None = None
    weights: str | None = None
    operators: dict | None = None
    partitions: int | None = None
    problem: str | None = None

    def is_comparable(self, other):
        """Whether both do the same work: a network's, on inputs of a size."""
        return (self.network, _sizes(self)) == (other.network, _sizes(other))


def _sizes(subject):
    return sorted((x["shape"], x["dtype"]) for x in subject.inputs.values())


def find(export_dir):
    """Finds the files of an export, or of those of several networks.

    Args:
        export_dir: Path of the folder.

    Returns:
        List of paths, .tflite files before SavedModels in each folder.

    Raises:
        ExportError: If there is no such folder, or nothing in it.
    """
    root = Path(export_dir)
    if not root.is_dir():
        raise ExportError(f"There is no folder {root}.")
    folders = [root, *sorted(x for x in root.iterdir() if x.is_dir())]
    paths = []
    for folder in folders:
        if not _is_saved_model(folder):
            paths += sorted(folder.glob("*.tflite"), key=_float32_first)
            paths += filter(_is_saved_model, sorted(folder.iterdir()))
    if not paths:
        raise ExportError(f"{root} holds no .tflite file and no SavedModel.")
    return paths


def _is_saved_model(path):
    return (path / "saved_model.pb").is_file()


def _float32_first(path):
    return (not path.stem.endswith("float32"), path.name)


def open_files(paths, home=None):
    """Looks into files, each in a process that it may kill.

    Args:
        paths: List of paths of .tflite files and SavedModels.
        home: Path of the folder below which each folder is a network's, or
            `None` if all are of one network.

    Returns:
        List of `Subject`, one for each signature, and one with a problem for
        a file that cannot be opened.

    Raises:
        ExportError: If there is no file at a path.
    """
    for path in paths:
        if not path.exists():
            raise ExportError(f"There is no file {path}.")
    subjects = []
    for path in paths:
        network = ""
        if home is not None and path.parent != home:
            network = path.parent.name
        subjects += _open(path, network)
    return subjects


def _open(path, network):
    runtime = "saved_model" if path.is_dir() else "litert"
    subject = Subject(
        f"{network}/{path.name}" if network else path.name,
        runtime,
        path,
        network,
        num_bytes=_size_of(path),
    )
    try:
        with processes.Process("export.benchmark.worker") as process:
            facts = process.ask(
                {"do": "inspect", "runtime": runtime, "path": str(path)}
            )
    except processes.ProcessError as error:
        return [dataclasses.replace(subject, problem=str(error))]
    signatures = facts.pop("signatures")
    return [
        dataclasses.replace(
            subject,
            name=f"{subject.name}:{key}"
            if len(signatures) > 1
            else subject.name,
            signature=key,
            inputs=inputs,
            # The runtime tells them of the first function alone.
            **(facts if i == 0 else {"weights": facts["weights"]}),
        )
        for i, (key, inputs) in enumerate(signatures.items())
    ]


def _size_of(path):
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(x.stat().st_size for x in files if x.is_file())
