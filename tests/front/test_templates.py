"""Templates keep to what the content security policy allows, and name only things that exist."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from console.pages.templating import environment

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
JINJA = re.compile(r"{%.*?%}|{#.*?#}|{{.*?}}", re.DOTALL)
PAGES = sorted(TEMPLATES.rglob("*.html"))


class Tags(HTMLParser):
    """Every opening tag with its attributes, and the words inside script and style elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words_in: dict[str, str] = {}
        self.open = ""
        self.feed(JINJA.sub("", text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open = tag

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open in ("script", "style") and data.strip():
            self.words_in[self.open] = data


def name(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_script_or_style_stands_inside_a_template(path: Path) -> None:
    tags = Tags(path.read_text())
    assert tags.words_in == {}
    assert not [tag for tag, _ in tags.found if tag == "style"]
    assert all("src" in attributes for tag, attributes in tags.found if tag == "script")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_attribute_carries_code_or_style(path: Path) -> None:
    forbidden = re.compile(r"on\w+|style|hx-on.*|hx-vals|hx-vars")
    attributes = {attribute for _, some in Tags(path.read_text()).found for attribute in some}
    assert not [attribute for attribute in attributes if forbidden.fullmatch(attribute)]
    assert "javascript:" not in path.read_text()
    assert "js:" not in path.read_text()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_nothing_escapes_the_escaping(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_what_a_template_asks_for_is_there(path: Path) -> None:
    text = path.read_text()
    for link in re.findall(r"[\"']\{\{ static \}\}(/[^\"'{]+)[\"']", text):
        assert (ROOT / "static" / link.lstrip("/")).is_file(), link
    for other in re.findall(r"{%-?\s*(?:include|extends|from)\s+\"([^\"]+)\"", text):
        assert (TEMPLATES / other).is_file(), other


def test_each_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([\w-]+)"', (TEMPLATES / "parts/_icons.html").read_text()))
    texts = [path.read_text() for path in PAGES]
    named = {icon for text in texts for icon in re.findall(r'(?:icon\("|href="#i-)([\w-]+)"', text)}
    assert named
    assert named <= drawn


def test_each_state_has_a_shape_of_its_own() -> None:
    icons = (TEMPLATES / "parts/_icons.html").read_text()
    shapes = dict(re.findall(r'<symbol id="i-([\w-]+)"[^>]*>(.*?)</symbol>', icons, re.DOTALL))
    for group in (("online", "attached", "offline", "blocked", "unknown"), ("info", "warn", "error", "critical")):
        assert len({re.sub(r"\s+", " ", shapes[state]) for state in group}) == len(group)


def test_words_of_two_lines_stay_apart_and_a_line_of_tags_leaves_nothing() -> None:
    made = environment().from_string("{% if a %}20 EUR{% endif %}\n  {% if a %}\n  1 top-up{% endif %}\n  a day")
    assert made.render(a=True).split() == ["20", "EUR", "1", "top-up", "a", "day"]
    assert made.render(a=False).split() == ["a", "day"]


def test_drawn_pages_are_not_indented_but_values_are() -> None:
    template = environment().from_string("<ul>\n  {% if text %}\n    <li>{{ text }}</li>\n  {% endif %}\n</ul>")
    assert template.render(text="a\n  b") == "<ul>\n<li>a\n  b</li>\n</ul>"
