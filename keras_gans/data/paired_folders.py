"""Finds pairs of pictures in a user's folders."""

import collections
import difflib

from keras_gans.data import folders, image_set
from keras_gans.data.image_views import HalfImages, align
from keras_gans.data.paired_images import PairedImages

_PARTS = ("train", "test", "val")
# Where the pictures of a part are: both halves in one folder, or two folders.
_SIDE_BY_SIDE = ("{}",)
_LAYOUTS = (_SIDE_BY_SIDE, ("{}A", "{}B"), ("A/{}", "B/{}"))
_ACCEPTED = """  train/                 A and B side by side in each file
  trainA/ and trainB/    files of equal names
  A/train/ and B/train/  files of equal names
  and in the same way test, or val, if there are pairs for tests"""
_OTHER_WORDS = {
    "training": "train",
    "testing": "test",
    "validation": "val",
    "valid": "val",
}


def open_folder_pairs(data_dir, channels_a=3, channels_b=3):
    """Opens pairs of pictures in files side by side, or in two folders.

    - `train`: each file holds A in its left half and B in its right half.
    - `trainA` and `trainB`: two files of equal names, but for the extension,
      are a pair. The folders that they are in, below these, count as names.
    - `A/train` and `B/train`: likewise.

    Test pairs are those of `test` or, without it, of `val`, if there.

    Args:
        data_dir: Path of the folder that holds them.
        channels_a: Integer. Channels of A. Defaults to 3.
        channels_b: Integer. Channels of B. Defaults to 3.

    Returns:
        A `PairedImages` with A as inputs and B as targets.

    Raises:
        FileNotFoundError: If there is no such folder, or none of these
            layouts in it; it shows the folders that were found.
        ValueError: If a folder holds no pictures, or some without a partner.
    """
    data_dir = folders.require_folder(data_dir)
    layout, parts = _find_layout(data_dir)
    open_pairs = (
        _open_side_by_side if layout == _SIDE_BY_SIDE else _open_two_folders
    )
    # Train, and the first of test and val that is there.
    names_of_parts = [_fill(layout, part) for part in parts[:2]]
    train, *tests = open_pairs(data_dir, names_of_parts, channels_a, channels_b)
    test = tests[0] if tests else (None, None)
    return PairedImages(*train, *test, data_dir.resolve().name)


def _find_layout(data_dir):
    """Returns the layout of a folder, and the parts that it has."""
    found = _folders_below(data_dir)
    layouts = [x for x in _LAYOUTS if found.issuperset(_fill(x, "train"))]
    if not layouts:
        raise _unknown_layout(data_dir, found, _hints(found, _LAYOUTS))
    if len(layouts) > 1:
        beginnings = [_join(_fill(layout, "train")) for layout in layouts]
        raise _unknown_layout(
            data_dir, found, [f"Keep one of {'; '.join(beginnings)}."]
        )
    [layout] = layouts
    # A test folder with a slip in its name must not be left out in silence.
    hints = _hints(found, layouts, cutoff=1.0)
    parts = []
    for part in _PARTS:
        present = found.intersection(_fill(layout, part))
        absent = [name for name in _fill(layout, part) if name not in found]
        if not absent:
            parts.append(part)
        elif present:
            hints.append(f"{_join(present)} has no partner {_join(absent)}.")
    if hints:
        raise _unknown_layout(data_dir, found, hints)
    return layout, parts


def _open_side_by_side(data_dir, names_of_parts, channels_a, channels_b):
    pairs = []
    for [name] in names_of_parts:
        folder = data_dir / name
        # Pictures in folders A and B would be cut in two, and no one told.
        below = folders.folder_names(folder)
        if any(folders.count_pictures(folder / x) for x in below):
            counts = _describe(folder, below)
            raise ValueError(
                f"{folder} must hold files with A and B side by side, and no "
                f"folders of pictures. Found: {', '.join(counts)}."
            )
        paths = folders.list_images(folder)
        pairs.append(
            [
                HalfImages(
                    image_set.ImageFiles(paths, name, channels), half, name
                )
                for half, channels in (
                    ("left", channels_a),
                    ("right", channels_b),
                )
            ]
        )
    return pairs


def _open_two_folders(data_dir, names_of_parts, channels_a, channels_b):
    pairs, lonely = [], []
    for names in names_of_parts:
        sides = [_list_by_stem(data_dir / name) for name in names]
        common = sorted(sides[0].keys() & sides[1].keys())
        for name, side in zip(names, sides):
            stems = sorted(side.keys() - set(common))
            if stems:
                shown = folders.join_names(stems)
                lonely.append(f"{len(stems)} in {name} ({shown})")
        pairs.append([[side[stem] for stem in common] for side in sides])
    if lonely:
        raise ValueError(
            f"{data_dir} must hold pairs of files of equal names, but for the "
            f"extension. Without a partner: {', '.join(lonely)}. Rename or "
            "remove them."
        )
    return [
        align(
            image_set.ImageFiles(paths_a, names[0], channels_a),
            image_set.ImageFiles(paths_b, names[1], channels_b),
        )
        for names, (paths_a, paths_b) in zip(names_of_parts, pairs)
    ]


def _list_by_stem(folder):
    """Maps names without extension to paths."""
    folder = folders.require_folder(folder)
    paths_of = collections.defaultdict(list)
    for path in folders.list_images(folder):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        paths_of[stem].append(path)
    doubles = [
        " and ".join(path.relative_to(folder).as_posix() for path in paths)
        for paths in paths_of.values()
        if len(paths) > 1
    ]
    if doubles:
        raise ValueError(
            f"{folder} must hold one file of each name, whatever its "
            f"extension. Found: {folders.join_names(doubles)}."
        )
    return {stem: path for stem, [path] in paths_of.items()}


def _folders_below(data_dir):
    """Names of the folders that a layout may be made of."""
    names = folders.folder_names(data_dir)
    below = [
        f"{side}/{name}"
        for side in ("A", "B")
        if side in names
        for name in folders.folder_names(data_dir / side)
    ]
    return {*names, *below}


def _fill(layout, part):
    return [pattern.format(part) for pattern in layout]


def _join(names):
    return " and ".join(sorted(names))


def _hints(found, layouts, cutoff=0.8):
    """Sentences about folders that seem to be misspelt."""
    accepted = {
        folders.letters(name): name
        for layout in layouts
        for part in _PARTS
        for name in _fill(layout, part)
        if name not in found
    }
    hints = []
    for name in sorted(found):
        key = folders.letters(name)
        for word, part in _OTHER_WORDS.items():
            key = key.replace(word, part)
        for close in difflib.get_close_matches(key, accepted, 1, cutoff):
            # The same last letter: `trainX` is neither of the two sides.
            if close[-1] == key[-1]:
                hints.append(
                    f"Did you mean {accepted[close]} by {name}? Rename it."
                )
    return hints


def _unknown_layout(data_dir, found, hints):
    tree = [f"  {line}" for line in _describe(data_dir, sorted(found))]
    return FileNotFoundError(
        "\n".join(
            [f"{data_dir} must hold pairs in one of these layouts:", _ACCEPTED]
            + ["Found:", *(tree or ["  no folders"]), *hints]
        )
    )


def _describe(folder, names):
    return [
        f"{name} ({folders.count_pictures(folder / name)} pictures)"
        for name in names
    ]
