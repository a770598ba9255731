"""The page of a run: what came out, in sentences, numbers and pictures."""

import base64
import dataclasses
import pathlib

import jinja2

from trainers import run_folder

PAGE = "report.html"


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture of a run.

    Attributes:
        path: Path of a PNG file.
        title: A few words.
        caption: What there is to see, in a sentence or two.
    """

    path: pathlib.Path
    title: str
    caption: str

    @property
    def uri(self):
        """The picture itself, as an address: the page is one file."""
        data = base64.b64encode(self.path.read_bytes()).decode("ascii")
        return f"data:image/png;base64,{data}"


def write(run, sentences, figures):
    """Writes `report.html`, one file that needs no other.

    Args:
        run: `RunFolder`.
        sentences: `(label, text)` lines, as on the screen; those with the
            label `"verdict"` open the page.
        figures: List of `Figure`.

    Returns:
        The path of the page.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trainers"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template(f"{PAGE}.jinja").render(
        name=run.path.name,
        trainer=run.trainer,
        verdicts=[text for label, text in sentences if label == "verdict"],
        scores=[text for label, text in sentences if label != "verdict"],
        figures=figures,
    )
    run_folder.write_text(run.path / PAGE, page)
    return run.path / PAGE
