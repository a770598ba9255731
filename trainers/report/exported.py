"""The exported files of a run: size, proof and speed."""

import pathlib


def files_of(record):
    """Returns the exported networks of a run.

    Args:
        record: `RunRecord`.

    Returns:
        A list of dictionaries with `name` and `step` of the network, `source`
        of the inputs of its proof, and `files`: dictionaries of `name`, the
        strings `size`, `difference`, `psnr` and `latency`, and `problem`, a
        sentence or "".
    """
    latencies = _latencies(record.benchmark)
    return [
        {
            "name": document["network"],
            "step": document["step"],
            "source": document["inputs"]["source"],
            "files": [
                _describe(file, latencies.get(_key(document, file), ""))
                for file in document["files"]
            ],
        }
        for document in record.exports
    ]


def _describe(file, latency):
    figures = file["figures"]
    difference = figures.get("max_difference")
    psnr = figures.get("psnr_db")
    return {
        "name": file["name"],
        "size": f"{file['bytes'] / 1e6:.2f} MB",
        "difference": "" if difference is None else f"{difference:.1e}",
        "psnr": "" if psnr is None else f"{psnr:.1f} dB",
        "latency": latency,
        "problem": "" if file["passed"] else file["problems"][0],
    }


def _key(document, file):
    return document["network"], file["name"]


def _latencies(benchmark):
    """Milliseconds on one thread, by network and file."""
    latencies = {}
    for row in (benchmark or {}).get("rows", []):
        cell = row["threads"].get("1", {})
        if row["file"] and not cell.get("problem", "not measured"):
            # A run of one network has its files in `export` itself.
            network = row["network"] or "generator"
            name = pathlib.PurePath(row["file"]).name
            seconds = cell["wall_seconds"]["median"]
            latencies.setdefault((network, name), f"{1e3 * seconds:.3g} ms")
    return latencies
