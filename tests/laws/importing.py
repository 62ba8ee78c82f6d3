"""Laws of imports: who speaks to 1NCE, what the live part knows, what stands apart, and that no files go in circles."""

import tomllib

import grimp

from tests.laws.tree import ROOT, Tree, imports, module_of, role

# Rooms that are no nouns: technology, and what joins the nouns.
NO_NOUNS = {"facts", "store", "http", "live", "cli", "trial", "once", "pages", "openapi", "telemetry"}
ABOVE_LIVE = {"pages", "openapi", "once", "cli", "trial", "app", "web", "health", "migrate"}
ROOTS = {"console", "jobs"}
ROOMS = 40  # folders in console/ and jobs/, at most
ROOT_FILES = 14  # files in console/ itself, at most, besides __init__ and __main__


def within(module: str, room: str) -> bool:
    """Whether a module is this one or stands in it."""
    return module == room or module.startswith(room + ".")


def only_jobs_speak_to_1nce(tree: Tree) -> list[str]:
    """Law 1: only jobs/ imports console.once, and console/ never imports jobs/."""
    found = []
    for path, text in tree.texts.items():
        module = module_of(path)
        for name, line in imports(text):
            speaks = within(name, "console.once") and within(module, "console")
            if speaks and not within(module, "console.once"):
                found.append(f"{path}:{line} imports {name}")
            if within(name, "jobs") and within(module, "console"):
                found.append(f"{path}:{line} imports {name}")
    return found


def live_knows_no_noun(tree: Tree) -> list[str]:
    """Law 5: nothing that live/ imports is, or leads at any distance to, a noun, a page, a job or once/."""
    graph = tree.graph()
    rooms = {path.split("/")[1] for path in tree.texts if path.startswith("console/") and path.count("/") > 1}
    forbidden = {f"console.{room}" for room in (rooms - NO_NOUNS) | ABOVE_LIVE} | {"jobs"}

    def is_forbidden(module: str) -> bool:
        return any(within(module, room) for room in forbidden)

    found = []
    for module in sorted(module for module in graph.modules if within(module, "console.live")):
        for known in sorted(graph.find_modules_directly_imported_by(module)):
            if within(known, "console.live"):
                continue
            led_to = sorted(one for one in {known, *graph.find_upstream_modules(known)} if is_forbidden(one))
            chains = [
                (known,) if one == known else graph.find_shortest_chain(importer=known, imported=one) or ()
                for one in led_to
            ]
            if chains:
                found.append(" > ".join((module, *min(chains, key=len))))
    return found


def once_knows_nothing_else(tree: Tree) -> list[str]:
    """The client of 1NCE imports nothing else of console/ but the parsers of ICCIDs and of JSON text."""
    return [
        f"{path}:{line} imports {name}"
        for path, text in tree.texts.items()
        for name, line in imports(text)
        if path.startswith("console/once/")
        and within(name, "console")
        and not within(name, "console.once")
        and not within(name, "console.iccid")
        and not within(name, "console.json_text")
    ]


def simulator_stands_apart(tree: Tree) -> list[str]:
    """The simulated 1NCE imports nothing of the product, and the product nothing of it."""
    return [
        f"{path}:{line} imports {name}"
        for path, text in tree.texts.items()
        for name, line in imports(text)
        if not path.startswith("bench/")
        and within(name, "simulator") != path.startswith("simulator/")
        and name.split(".")[0] in ("console", "jobs", "simulator")
    ]


def migrations_stand_apart(tree: Tree) -> list[str]:
    """A migration is frozen: it imports nothing that changes later."""
    return [
        f"{path}:{line} imports {name}"
        for path, text in tree.texts.items()
        for name, line in imports(text)
        if path.startswith("migrations/versions/") and name.split(".")[0] in ("console", "jobs", "simulator")
    ]


def no_circles(tree: Tree) -> list[str]:
    """No two files of console/ and jobs/ know each other, at any distance."""
    graph = tree.graph()
    ours = sorted(module for module in graph.modules if within(module, "console") or within(module, "jobs"))
    above = {module: graph.find_upstream_modules(module) for module in ours}
    return [
        " > ".join([one, *(graph.find_shortest_chain(importer=other, imported=one) or ())])
        for one in ours
        for other in ours
        if one < other and other in above[one] and one in above[other]
    ]


def migrate_knows_every_table(tree: Tree) -> list[str]:
    """Each file that says what is stored is imported by console/migrate.py, so that migrations are held against it."""
    known = tree.graph().find_modules_directly_imported_by("console.migrate")
    return [
        f"{path} has tables that console/migrate.py does not import"
        for path in tree.texts
        if path.startswith("console/") and role(path) == "tables" and module_of(path) not in known
    ]


def rooms_are_few(tree: Tree) -> list[str]:
    """A newcomer can read the list of rooms, and the list of files that stand in none."""
    rooms = sorted({path.rpartition("/")[0] for path in tree.texts if path.startswith(("console/", "jobs/"))} - ROOTS)
    files = sorted(path for path in tree.texts if path.startswith("console/") and path.count("/") == 1)
    files = [path for path in files if not path.endswith(("__init__.py", "__main__.py"))]
    found = []
    if len(rooms) > ROOMS:
        found.append(f"{len(rooms)} rooms: {', '.join(rooms)}")
    if len(files) > ROOT_FILES:
        found.append(f"{len(files)} files in console/: {', '.join(files)}")
    return found


def layers() -> list[grimp.Layer]:
    """The order of console/ from top to bottom, as the import contracts have it; neighbours do not know each other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (names,) = [one["layers"] for one in contracts if one["type"] == "layers" and one["containers"] == ["console"]]
    return [grimp.Layer(*(name.strip("( )") for name in layer.split("|")), independent=True) for layer in names]


def nothing_upward(tree: Tree) -> list[str]:
    """Each room of console/ knows only what stands below it in the import contracts, at any distance."""
    graph = tree.graph()
    found = set()
    for dependency in graph.find_illegal_dependencies_for_layers(layers=layers(), containers={"console"}):
        for route in dependency.routes:
            found |= {" > ".join((head, *route.middle, tail)) for head in route.heads for tail in route.tails}
    return sorted(found)


def each_room_has_its_place(tree: Tree) -> list[str]:
    """Each room and file of console/ stands in the order, but `once`, which only jobs/ knows."""
    placed = {name for layer in layers() for name in layer.module_tails} | {"once", "__main__", "__init__"}
    there = {path.split("/")[1].removesuffix(".py") for path in tree.texts if path.startswith("console/")}
    return [f"console/{name} is not in the order of imports" for name in sorted(there - placed)]
