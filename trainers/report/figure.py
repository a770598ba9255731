"""A picture of a run, with what there is to see on it."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture that a trainer has drawn of its run.

    Attributes:
        path: Path of a file that Pillow reads, in the run folder.
        title: A few words.
        caption: What there is to see, in a sentence or two.
    """

    path: pathlib.Path
    title: str
    caption: str

    def to_json(self, run_dir):
        """Returns a dictionary; the path is relative to the run folder."""
        relative = self.path.relative_to(run_dir).as_posix()
        return {"path": relative, "title": self.title, "caption": self.caption}

    @classmethod
    def from_json(cls, run_dir, values):
        """Returns what `to_json` was called on."""
        return cls(**{**values, "path": run_dir / values["path"]})
