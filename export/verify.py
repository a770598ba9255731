"""Opens exported files in a process of its own and lets them answer.

    python verify.py JOBS.json RESULTS.jsonl

It is run as a file, not as a module: it imports nothing of this package and
no Keras, and TensorFlow only for a SavedModel, so what it sees is what the
users of the files will get. A file that kills the interpreter kills this
process, not the exporter; the results written so far remain.
"""

import collections
import json
import os
import sys

import numpy as np


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
    run, look, figures = opener(job["path"], list(job["signatures"]))
    if job["description"] is not None:
        written = _read_metadata(job["path"])
        figures["same_metadata"] = written == [job["description"]]
    if figures["signatures"] != job["signatures"]:
        return figures  # LiteRT would change the file's shape to fit.
    for trial in job["trials"]:
        inputs = dict(np.load(trial["inputs"]))
        (count,) = {len(array) for array in inputs.values()}
        answers = [
            run(
                trial["endpoint"],
                {name: array[i : i + 1] for name, array in inputs.items()},
            )
            for i in range(count)
        ]
        np.save(trial["answers"], np.concatenate(answers))
    return figures | look()


def _open_litert(path, endpoints):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=os.cpu_count())
    runners = {
        name: interpreter.get_signature_runner(name)
        for name in interpreter.get_signature_list()
    }
    signatures = {
        name: {
            "inputs": _describe_litert(runner.get_input_details()),
            "outputs": _describe_litert(runner.get_output_details()),
        }
        for name, runner in runners.items()
    }

    def run(endpoint, inputs):
        (outputs,) = runners[endpoint](**inputs).values()
        return outputs

    def look():  # Once it has run, and so has been divided.
        names = [x["op_name"] for x in interpreter._get_ops_details()]
        return {"partitions": names.count("DELEGATE")}

    figures = {
        "signatures": signatures,
        "operators": _count_operators(path),
    }
    return run, look, figures


def _describe_litert(details):
    return {
        name: {
            "shape": [
                None if x < 0 else int(x) for x in detail["shape_signature"]
            ],
            "dtype": np.dtype(detail["dtype"]).name,
        }
        for name, detail in details.items()
    }


def _count_operators(path):
    """Counts the operators of all signatures; the interpreter knows one's."""
    from ai_edge_litert import schema_py_generated as schema

    with open(path, "rb") as file:
        model = schema.Model.GetRootAs(file.read())
    names = {
        value: name
        for name, value in vars(schema.BuiltinOperator).items()
        if name.isupper()
    }
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    # Old files have the number in the first field, new ones in the second.
    kinds = [
        names[max(x.BuiltinCode(), x.DeprecatedBuiltinCode())] for x in codes
    ]
    graphs = [model.Subgraphs(i) for i in range(model.SubgraphsLength())]
    counts = collections.Counter(
        kinds[graph.Operators(i).OpcodeIndex()]
        for graph in graphs
        for i in range(graph.OperatorsLength())
    )
    return dict(sorted(counts.items()))


def _read_metadata(path):
    """Reads what the file says of itself, as any LiteRT tool would."""
    from ai_edge_litert import schema_py_generated as schema

    with open(path, "rb") as file:
        model = schema.Model.GetRootAs(file.read())
    entries = [model.Metadata(i) for i in range(model.MetadataLength())]
    return [
        json.loads(model.Buffers(x.Buffer()).DataAsNumpy().tobytes())
        for x in entries
        if x.Name() == b"keras_gans"
    ]


def _open_saved_model(path, endpoints):
    import tensorflow as tf

    model = tf.saved_model.load(path)
    functions = {name: model.signatures[name] for name in endpoints}
    signatures = {
        name: {
            "inputs": _describe_specs(x.structured_input_signature[1]),
            "outputs": _describe_specs(x.structured_outputs),
        }
        for name, x in functions.items()
    }

    # A function does not keep the model's variables alive, so hold it here.
    def run(endpoint, inputs, model=model):
        tensors = {name: tf.constant(x) for name, x in inputs.items()}
        (outputs,) = functions[endpoint](**tensors).values()
        return outputs.numpy()

    return run, dict, {"signatures": signatures}


def _describe_specs(specs):
    return {
        name: {"shape": spec.shape.as_list(), "dtype": spec.dtype.name}
        for name, spec in specs.items()
    }


_RUNTIMES = {"litert": _open_litert, "saved_model": _open_saved_model}

if __name__ == "__main__":
    main(*sys.argv[1:])
