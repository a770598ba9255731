"""The same network and weights as other runtimes want them."""

import subprocess
import sys

import keras

from export import console, precision, sources
from export.benchmark import layer_list, processes
from export.benchmark.subjects import Subject
from export.errors import ExportError, one_line


def prepare(model_file, scratch, networks=()):
    """Writes what other runtimes open, for each network of a model.

    Args:
        model_file: Path of a `.keras` file.
        scratch: Existing folder to write to.
        networks: Names of the networks that files are measured of.

    Returns:
        List of `Subject`, three for each network. What cannot be made has a
        problem.

    Raises:
        ExportError: If the file cannot be loaded.
    """
    source = sources.load_model(model_file)
    subjects = []
    for name, network in source.networks.items():
        folder = scratch / name
        folder.mkdir()
        label = name if name in networks else ""
        subjects += prepare_network(network, folder, label)
    return subjects


def prepare_network(network, folder, label=""):
    """Writes what other runtimes open, for one network.

    Args:
        network: Built functional `keras.Model`.
        folder: Existing empty folder to write to.
        label: The network's name in the rows, or "".

    Returns:
        List of three `Subject`.
    """
    network = precision.as_float32(network)
    specs = layer_list.specs_of(network)
    subjects = []
    for title, runtime, write in _ROUTES:
        path, problem = folder / runtime, None
        try:
            if any(None in spec["shape"] for spec in specs.values()):
                raise ExportError("the network takes images of any size")
            write(network, specs, path)
        except ExportError as error:
            problem = str(error)
        except Exception as error:  # Exporters have no class for it.
            problem = one_line(error)
        subjects.append(
            Subject(
                f"{label}/{title}" if label else title,
                runtime,
                path,
                label,
                "serving_default",
                specs,
                problem=problem,
            )
        )
    return subjects


def _write_saved_model(network, specs, path):
    import tensorflow as tf

    signature = {
        name: tf.TensorSpec(spec["shape"], spec["dtype"], name=name)
        for name, spec in specs.items()
    }
    if not isinstance(network.input, dict):
        (signature,) = signature.values()
    with console.quiet_libraries():
        keras.Model.export(
            network, str(path), verbose=False, input_signature=[signature]
        )


def _write_layer_list(network, specs, path):
    layer_list.write(network, path)


def _write_onnx(network, specs, path):
    """By way of PyTorch, the stronger opponent.

    Keras's own way, tf2onnx, takes norms apart: on a small ResNet generator
    ONNX Runtime needed 1.09 times the CPU time for it.
    """
    layers = path.with_name("torch")
    if not layers.is_dir():
        layer_list.write(network, layers)
    done = subprocess.run(
        [sys.executable, "-m", "export.benchmark.onnx_file", layers, path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=processes.environment(),
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().split("\n")
        raise ExportError(lines[-1][:200])


_ROUTES = (
    ("TensorFlow (tf.function)", "saved_model", _write_saved_model),
    ("PyTorch (torch.compile)", "torch", _write_layer_list),
    ("ONNX Runtime", "onnxruntime", _write_onnx),
)
