"""Opens exported files in a process of its own and measures them.

    python verify.py JOBS.json RESULTS.jsonl

It is run as a file, not as a module: it imports nothing of this package and
no Keras, and TensorFlow only for a SavedModel, so what it measures is what the
users of the files will get. A file that kills the interpreter kills this
process, not the exporter; the results written so far remain.
"""

import json
import os
import sys

import numpy as np

# Keeps the PSNR of two equal outputs finite: 206 dB.
_SMALLEST_SQUARED_ERROR = 1e-20
_PEAK = 2.0  # In units of their scale, outputs lie in [-1, 1].


def main(jobs_path, results_path):
    with open(jobs_path, encoding="utf-8") as file:
        jobs = json.load(file)
    with open(results_path, "w", encoding="utf-8") as results:
        for job in jobs:
            try:
                result = _measure(job)
            except Exception as error:  # Whatever a broken file provokes.
                result = {"error": f"{type(error).__name__}: {error}"}
            results.write(json.dumps(result) + "\n")
            results.flush()


def _measure(job):
    opener = _RUNTIMES[job["runtime"]]
    run, figures = opener(job["path"], job["endpoint"])
    inputs, expected = dict(np.load(job["inputs"])), np.load(job["outputs"])
    wanted = {
        name: {"shape": [1, *array.shape[1:]], "dtype": array.dtype.name}
        for name, array in inputs.items()
    }
    if figures["inputs"] != wanted:
        return figures  # LiteRT would change the file's shape to fit.
    outputs = np.concatenate(
        [
            run({name: array[i : i + 1] for name, array in inputs.items()})
            for i in range(len(expected))
        ]
    )
    return figures | compare(outputs, expected, job["scale"])


def compare(outputs, expected, scale):
    """Compares two arrays of outputs, figure by figure.

    Args:
        outputs: Array `(n, ...)`.
        expected: Array `(n, ...)`.
        scale: Float > 0, the unit of the differences and of the PSNR.
    """
    finite = bool(np.isfinite(outputs).all())
    same_shape = outputs.shape == expected.shape
    figures = {"finite": finite, "same_shape": same_shape}
    if not (finite and same_shape):
        return figures
    differences = np.abs(outputs.astype("float64") - expected) / scale
    errors = np.mean(differences**2, axis=tuple(range(1, outputs.ndim)))
    worst = max(float(errors.max()), _SMALLEST_SQUARED_ERROR)
    return figures | {
        "max_difference": float(differences.max()),
        "mean_difference": float(differences.mean()),
        "psnr_db": float(10.0 * np.log10(_PEAK**2 / worst)),
        "output_min": float(outputs.min()),
        "output_max": float(outputs.max()),
    }


def _open_litert(path, endpoint):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=os.cpu_count())
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner(endpoint)
    names = [x["op_name"] for x in interpreter._get_ops_details()]
    figures = {
        "inputs": _describe_litert(runner.get_input_details()),
        "outputs": _describe_litert(runner.get_output_details()),
        "operators": {x: names.count(x) for x in sorted(set(names))},
        "partitions": names.count("DELEGATE"),
    }
    figures["operators"].pop("DELEGATE", None)
    (output_name,) = figures["outputs"]
    return lambda inputs: runner(**inputs)[output_name], figures


def _describe_litert(details):
    return {
        name: {
            "shape": [int(x) for x in detail["shape_signature"]],
            "dtype": np.dtype(detail["dtype"]).name,
        }
        for name, detail in details.items()
    }


def _open_saved_model(path, endpoint):
    import tensorflow as tf

    model = tf.saved_model.load(path)
    function = model.signatures[endpoint]
    figures = {
        "inputs": _describe_specs(function.structured_input_signature[1]),
        "outputs": _describe_specs(function.structured_outputs),
    }
    (output_name,) = figures["outputs"]

    # The function does not keep the model's variables alive, so hold it here.
    def run(inputs, model=model):
        tensors = {name: tf.constant(x) for name, x in inputs.items()}
        return function(**tensors)[output_name].numpy()

    return run, figures


def _describe_specs(specs):
    return {
        name: {"shape": spec.shape.as_list(), "dtype": spec.dtype.name}
        for name, spec in specs.items()
    }


_RUNTIMES = {"litert": _open_litert, "saved_model": _open_saved_model}

if __name__ == "__main__":
    main(*sys.argv[1:])
