"""Makes the map of the overview out of Natural Earth's countries at 1:50m, as the npm package world-atlas has them.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz && pip install pycountry
    python deploy/world_map.py package/countries-50m.json > static/vendor/world-atlas-2.0.2/world.svg

Each country is one shape whose id is `country-` and its ISO 3166 alpha-2 code; what is too small to be seen is a dot,
and so are places that are no country of their own on the map. Borders are simplified as they are shared, so that
neighbours still touch.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import hypot, radians
from pathlib import Path

Point = tuple[float, float]
WIDTH, TOP, BOTTOM = 1000, 83.0, -56.0  # units; degrees of latitude
TOLERANCE = 1.4  # units that a border may be off
LEAST_RING, LEAST_COUNTRY = 14.0, 18.0  # square units: smaller islands are left out, smaller countries are dots
DOT = 3
BY_NAME = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
# Longitude and latitude of places with a network of their own that the map counts among a country.
PLACES = {
    "BQ": (-68.3, 12.2),
    "GF": (-53.1, 3.9),
    "GI": (-5.4, 36.1),
    "GP": (-61.6, 16.2),
    "MQ": (-61.0, 14.6),
    "RE": (55.5, -21.1),
    "TK": (-171.8, -9.2),
    "TV": (179.2, -8.5),
    "YT": (45.2, -12.8),
}


def projected(longitude: float, latitude: float) -> Point:
    """The Natural Earth projection, in units from the upper left corner."""
    x, y = _plane(longitude, latitude)
    return WIDTH / 2 + x / _plane(180, 0)[0] * WIDTH / 2, (_plane(0, TOP)[1] - y) / _plane(180, 0)[0] * WIDTH / 2


def _plane(longitude: float, latitude: float) -> Point:
    p, q = radians(latitude), radians(latitude) ** 2
    x = radians(longitude) * (0.8707 - 0.131979 * q - 0.013791 * q**2 + 0.003971 * q**5 - 0.001529 * q**6)
    return x, p * (1.007226 + 0.015085 * q - 0.044475 * q**3 + 0.028874 * q**4 - 0.005916 * q**5)


def simplified(line: Sequence[Point]) -> list[Point]:
    """By Douglas and Peucker, the ends kept; of a line that ends where it began, also the point farthest off."""
    if len(line) < 3:
        return list(line)
    first, last = line[0], line[-1]
    far = max(range(1, len(line) - 1), key=lambda at: _distance(line[at], first, last))
    if _distance(line[far], first, last) < TOLERANCE and first != last:
        return [first, last]
    return [*simplified(line[: far + 1])[:-1], *simplified(line[far:])]


def _distance(point: Point, first: Point, last: Point) -> float:
    width, height = last[0] - first[0], last[1] - first[1]
    length = hypot(width, height)
    if not length:
        return hypot(point[0] - first[0], point[1] - first[1])
    return abs(width * (first[1] - point[1]) - (first[0] - point[0]) * height) / length


def arcs_of(atlas: dict) -> list[list[Point]]:  # type: ignore[type-arg]
    """Every border, projected and simplified."""
    (scale_x, scale_y), (left, down) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    found = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append(projected(x * scale_x + left, max(BOTTOM, min(TOP, y * scale_y + down))))
        found.append([(float(round(a)), float(round(b))) for a, b in simplified(line)])
    return found


def rings_of(geometry: dict, arcs: Sequence[Sequence[Point]]) -> Iterator[list[Point]]:  # type: ignore[type-arg]
    """The outlines of a country; holes are left out."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    for outer, *_ in polygons:
        ring: list[Point] = []
        for number in outer:
            ring += arcs[number] if number >= 0 else arcs[~number][::-1]
        yield from apart([point for before, point in pairwise([(-1.0, -1.0), *ring]) if point != before])


def apart(ring: list[Point]) -> Iterator[list[Point]]:
    """An outline that leaves the map on one side and comes back on the other, as one outline on each side."""
    jumps = [at for at in range(1, len(ring)) if abs(ring[at][0] - ring[at - 1][0]) > WIDTH / 2]
    if not jumps:
        yield ring
        return
    turned = [*ring[jumps[0] :], *ring[: jumps[0]]]
    edges = [0, *(at - jumps[0] for at in jumps[1:]), len(turned)]
    yield from (turned[first:last] for first, last in pairwise(edges))


def area(ring: Sequence[Point]) -> float:
    """In square units."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]]))) / 2


def path(rings: Iterable[Sequence[Point]]) -> str:
    """Relative lines, as short as they can be written."""
    parts = []
    for ring in rings:
        steps = [f"{b[0] - a[0]:.0f} {b[1] - a[1]:.0f}" for a, b in pairwise(ring)]
        parts.append(f"M{ring[0][0]:.0f} {ring[0][1]:.0f}l{' '.join(steps)}z".replace(" -", "-"))
    return "".join(parts)


def dot(code: str, at: Point) -> str:
    """A place too small to be seen."""
    return f'<circle id="country-{code}" cx="{at[0]:.0f}" cy="{at[1]:.0f}" r="{DOT}"/>'


def drawn(file: str) -> str:
    """The map as SVG."""
    import pycountry  # type: ignore[import-not-found,unused-ignore]

    atlas = json.loads(Path(file).read_text(encoding="utf-8"))
    arcs, shapes = arcs_of(atlas), dict[str, list[list[Point]]]()
    for geometry in atlas["objects"]["countries"]["geometries"]:
        known = pycountry.countries.get(numeric=geometry.get("id", ""))
        code = known.alpha_2 if known else BY_NAME.get(geometry["properties"]["name"])
        if code and code != "AQ":
            shapes.setdefault(code, []).extend(rings_of(geometry, arcs))
    lines, dots = [], [dot(code, projected(*at)) for code, at in PLACES.items() if code not in shapes]
    for code, rings in shapes.items():
        largest = max(rings, key=area)
        if area(largest) < LEAST_COUNTRY:
            xs, ys = zip(*largest, strict=True)
            dots.append(dot(code, (sum(xs) / len(xs), sum(ys) / len(ys))))
        else:
            seen = [ring for ring in rings if ring is largest or area(ring) >= LEAST_RING]
            lines.append(f'<path id="country-{code}" d="{path(seen)}"/>')
    height = round(projected(0, BOTTOM)[1])
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">'
    return "\n".join([opening, *sorted(lines), *sorted(dots), "</svg>", ""])


if __name__ == "__main__":
    sys.stdout.write(drawn(sys.argv[1]))
