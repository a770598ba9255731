"""What must hold of every page: looked at as text, without a browser."""

import html.parser
import re

_VOID = {"meta", "img", "input", "br", "link"}
# Of an SVG, written with a slash.
_CLOSED = {"path", "circle", "rect"}
# What is written in them, on which grounds: WCAG 2.2 AA asks for 4.5.
_INKS = ("ink", "soft", "accent", "alarm", "good")
_GROUNDS = ("paper", "card")
_LEAST_CONTRAST = 4.5


class Page(html.parser.HTMLParser):
    """A page, read tag by tag.

    Attributes:
        tags: List of `(tag, attributes)` in order.
        text: String, all that is written.
        problems: List of sentences about tags that are not nested.
    """

    def __init__(self, text):
        super().__init__()
        self.tags, self.problems, self.source = [], [], text
        self.text = ""
        self._open = []
        self.feed(text)
        self.problems += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in _CLOSED | _VOID:
            self.problems.append(f"<{tag}/> is no tag of its own")

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes another tag")

    def handle_data(self, data):
        self.text += data

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def problems_of(text):
    """Returns sentences about what is wrong with a page."""
    page = Page(text)
    return [
        *page.problems,
        *_headings(page),
        *_pictures(page),
        *_addresses(page),
        *_names(page),
        *_contrasts(text),
    ]


def _headings(page):
    levels = [
        int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)
    ]
    if levels.count(1) != 1 or levels[0] != 1:
        yield "there must be one h1, first"
    for above, below in zip(levels, levels[1:]):
        if below > above + 1:
            yield f"h{below} comes after h{above}"


def _pictures(page):
    for picture in page.all("img"):
        if len(picture.get("alt", "")) < 5:
            yield "a picture has no words"
    for drawing in page.all("svg"):
        hidden = drawing.get("aria-hidden") == "true"
        if not hidden and len(drawing.get("aria-label", "")) < 20:
            yield "a drawing has no words"


def _addresses(page):
    source = re.sub(r"base64,[\w+/=]+", "", page.source)
    if re.search(r"https?:|//[a-z]|@import|<script|<link|<iframe", source):
        yield "something lies elsewhere"
    for tag, attributes in page.tags:
        source = attributes.get("src", "data:")
        if not source.startswith("data:"):
            yield f"<{tag}> needs {source}"


def _names(page):
    ids = [
        attributes["id"] for _, attributes in page.tags if "id" in attributes
    ]
    if len(ids) != len(set(ids)):
        yield "an id is there twice"
    regions = [
        attributes.get("aria-label") or attributes.get("aria-labelledby")
        for _, attributes in page.tags
        if attributes.get("role") == "region"
    ]
    if len(regions) != len(set(regions)) or None in regions:
        yield "two regions have one name, or one has none"
    wanted = [link["href"].removeprefix("#") for link in page.all("a")]
    wanted += [label["for"] for label in page.all("label")]
    wanted += [
        attributes["aria-labelledby"]
        for _, attributes in page.tags
        if "aria-labelledby" in attributes
    ]
    for name in set(wanted) - set(ids):
        yield f"nothing has the id {name}"
    labelled = {label["for"] for label in page.all("label")}
    for field in page.all("input"):
        if field["id"] not in labelled:
            yield "a field has no label"


def _contrasts(text):
    light, dark = (
        _colours(part) for part in text.split("color-scheme: dark)")[:2]
    )
    for scheme in (light, {**light, **dark}):
        for ink in _INKS:
            for ground in _GROUNDS:
                ratio = contrast(scheme[ink], scheme[ground])
                if ratio < _LEAST_CONTRAST:
                    yield f"{ink} on {ground} has a contrast of {ratio:.2f}"
        # The chosen epoch is written in the ground's colour.
        if contrast(scheme["paper"], scheme["accent"]) < _LEAST_CONTRAST:
            yield "the chosen epoch cannot be read"
        for i in range(6):
            if contrast(scheme[f"c{i}"], scheme["card"]) < 3:
                yield f"curve {i} cannot be seen"


def _colours(text):
    found = {}
    for name, colour in re.findall(r"--(\w+): #([0-9a-f]{6});", text):
        found.setdefault(name, colour)
    return found


def contrast(colour, other):
    """Contrast ratio of two colours, as WCAG 2.2 defines it."""
    light, dark = sorted(map(_luminance, (colour, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))
