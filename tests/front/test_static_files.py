"""What is served from static/ is what we chose to serve, and the colours can be read by everyone."""

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
VENDOR = STATIC / "vendor"
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")

TEXT = 4.5  # WCAG 2.2, 1.4.3
GRAPHICS = 3.0  # WCAG 2.2, 1.4.11


def checksums() -> dict[str, str]:
    lines = (VENDOR / "CHECKSUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def colours(theme: int) -> dict[str, str]:
    """The tokens' own colours, without those for readers who ask for more contrast."""
    tokens = (STATIC / "css/tokens.css").read_text().split("@media", 1)[0]
    return {found[1]: found[2 + theme] for found in PAIR.finditer(tokens)}


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[start : start + 2], 16)) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_vendored_files_are_the_ones_we_pinned() -> None:
    there = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.is_file()}
    del there["CHECKSUMS"]
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()} == checksums()


def test_each_vendored_folder_has_its_licence() -> None:
    for folder in (path for path in VENDOR.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").read_text().strip(), folder.name


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "page", "hover"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "accent", "bad", "warn"])
def test_text_stands_out_from_its_ground(theme: int, ground: str, ink: str) -> None:
    known = colours(theme)
    assert contrast(known[ink], known[ground]) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("on-accent", "accent"),
        ("ok", "ok-soft"),
        ("warn", "warn-soft"),
        ("bad", "bad-soft"),
        ("ink", "bad-soft"),
        ("ink-2", "bad-soft"),
        ("accent", "bad-soft"),
        ("ink", "flash"),
        ("ink-2", "flash"),
        ("warn", "flash"),
        ("bad", "flash"),
        ("accent", "flash"),
    ],
)
def test_text_stands_out_from_its_coloured_ground(theme: int, ink: str, ground: str) -> None:
    known = colours(theme)
    assert contrast(known[ink], known[ground]) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "hover"])
@pytest.mark.parametrize(
    "mark", ["ok", "info", "warn", "bad", "idle", "line-strong", "focus", "chart-1", "chart-2", "chart-3"]
)
def test_shapes_and_edges_can_be_seen(theme: int, ground: str, mark: str) -> None:
    known = colours(theme)
    assert contrast(known[mark], known[ground]) >= GRAPHICS


def test_styles_name_only_colours_and_lengths_that_exist() -> None:
    def defined(text: str) -> set[str]:
        return set(re.findall(r"^\s*--([\w-]+):", text, re.MULTILINE))

    shared = defined((STATIC / "css/tokens.css").read_text())
    for path in (*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")):
        text, whole = (
            path.read_text(),
            path.with_stem(path.stem.partition("_")[0]),
        )  # wall_now.css is a part of wall.css
        own = defined(text) | (defined(whole.read_text()) if whole.exists() else set())
        assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= shared | own, path.name


def test_our_scripts_never_make_code_or_html_out_of_text() -> None:
    risky = re.compile(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    found = {path.name: risky.findall(path.read_text()) for path in STATIC.glob("js/*.js")}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*STATIC.glob("js/*.js"), *STATIC.glob("css/*.css")]:
        assert not re.search(r"https?://|url\([\"']?//", path.read_text()), path.name


LONGEST = 250  # lines
# What the first page loads: each file adds a kB.
LONGER = {"overview.css", "frame.css"}


def test_a_stylesheet_or_a_script_is_about_one_thing() -> None:
    files = [*STATIC.glob("js/*.js"), *STATIC.glob("css/*.css")]
    assert {path.name for path in files if path.read_text().count("\n") > LONGEST} <= LONGER
