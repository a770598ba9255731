"""One network on its way to files: converted, then judged."""

import collections
import contextlib
import dataclasses
import functools

from export import (
    comparison,
    convert,
    endpoints,
    metadata,
    model_card,
    network,
    parity,
    precision,
    publish,
    sidecar,
)
from export.errors import ExportError, UsageError, one_line
from export.formats import FORMATS, LOOSEST
from export.records import FileReport
from export.rewrites import graph


class Candidate:
    """A network on its way to files, which have yet to be verified.

    Args:
        request: `export.records.ExportRequest` that was checked.
        scratch: Path of a folder to work in, which does not exist yet.

    Attributes:
        endpoints: List of `export.endpoints.Endpoint`.
        folder: Path of the folder with the files, and nothing else.
        jobs: Dict from the name of each format to the `export.parity.Job` that
            is to be measured.
        reports: Dict from the name of each format to its `FileReport`.

    Raises:
        ExportError: If the network cannot be exported faithfully.
        UsageError: If it does not come in the sizes that are asked for.
    """

    def __init__(self, request, scratch):
        self.request = request
        self.endpoints = endpoints.make(request)
        self.jobs, self.reports = {}, {}  # By the name of the format.
        self.folder = scratch / "finished"
        self.folder.mkdir(parents=True)
        self._are_images = request.output_name == "images"
        self._scale = max(
            network.scale_of(trial.outputs, request.output_name)
            for endpoint in self.endpoints
            for trial in endpoint.trials
        )
        self._scratch = scratch
        self._written = {}  # By the names of the rewrites.
        self._sources = {}  # By the name of the format.

    def convert(self, name, rewrites):
        """Makes one file; returns whether there is one to be measured."""
        request, form = self.request, FORMATS[name]
        path = self.folder / form.file_name(request.role)
        wanted = tuple(x for x in form.rewrites if x in rewrites)
        self._sources[name] = source = self._write(wanted)
        description = None
        try:
            form.convert(source, path)
            if form.runtime == "litert":
                description = sidecar.describe(request, self.endpoints)
                metadata.add(path, description)
        except (OSError, UsageError):
            raise
        except Exception as error:  # The converter has no class for it.
            sentence = f"cannot be converted. {one_line(error)}"
            self.reports[name] = FileReport(
                name, path.name, 0, form.bounds, {"error": sentence}, [sentence]
            )
            return False
        self.jobs[name] = parity.Job(
            path, form.runtime, self.endpoints, self._scale, description
        )
        return True

    def judge(self, name, figures):
        """Reports on one file that was measured, and removes what failed."""
        job, form, source = self.jobs[name], FORMATS[name], self._sources[name]
        num_bytes = sum(x.stat().st_size for x in sidecar.files_of(job.path))
        bounds = form.bounds
        if self._are_images and self.request.image_dtype == "uint8":
            bounds = bounds.for_pixels()
        if _may_be_rounding(figures, bounds):
            with contextlib.suppress(ExportError):  # No copy: the bounds stay.
                bounds = bounds.loosened(self._rounding)
                figures = figures | {"rounding_of_keras": self._rounding}
        problems = [
            *parity.find_problems(figures, bounds, job),
            *parity.find_size_problems(
                num_bytes,
                form.bytes_per_weight,
                source.weights,
                4 if source.float_ends else None,
            ),
        ]
        self.reports[name] = FileReport(
            name,
            job.path.name,
            num_bytes,
            bounds,
            figures,
            problems,
            source.rewrites,
        )
        if problems:
            publish.remove(job.path)

    def write_records(self, reports):
        """Writes the sidecar, the proof and the card beside the files."""
        weights = self._write(()).weights
        described = sidecar.write_sidecar(
            self.folder, self.request, self.endpoints, weights, reports
        )
        proof = sidecar.write_parity(
            self.folder, self.request, self.endpoints, self._scale, reports
        )
        model_card.write_model_card(self.folder, described, proof)

    def _write(self, names):
        """Returns the `SavedModel` of networks rewritten as `names` say."""
        if names not in self._written:
            counts, rewritten = collections.Counter(), []
            for endpoint in self.endpoints:
                # A rewritten network knows its height and width.
                wanted = () if endpoint.sides is not None else names
                model, found = graph.rewrite(endpoint.network, wanted)
                counts |= found  # Sizes share layers: the larger count.
                rewritten.append(dataclasses.replace(endpoint, network=model))
            if names and not counts:
                self._written[names] = self._write(())
            else:
                self._written[names] = self._write_networks(
                    rewritten, dict(counts)
                )
        return self._written[names]

    def _write_networks(self, rewritten, counts):
        path = self._scratch / f"saved_model_{len(self._written)}"
        written = convert.write_saved_model(rewritten, path)
        calibration = self.request.calibration and {
            endpoint.name: endpoint.calibration(self.request.calibration)
            for endpoint in self.endpoints
        }
        return dataclasses.replace(
            written,
            rewrites=counts,
            calibration=calibration,
            float_ends=self.request.float_ends,
        )

    @functools.cached_property
    def _rounding(self):
        """Figures of what float32 itself loses in the network."""
        return comparison.worst(
            [
                precision.rounding_figures(
                    x.network, x.trials, self._scale, self._are_images
                )
                for x in self.endpoints
            ]
        )


def _may_be_rounding(figures, bounds):
    return (
        "max_difference" in figures
        and any(bounds.problems(figures))
        and not any(LOOSEST.problems(figures))
    )
