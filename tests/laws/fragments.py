"""Law 6, as it stands in the source: what a live view draws is a fragment that a page includes."""

import re

from tests.laws.tree import Tree, parsed, texts

FRAGMENT = re.compile(r"[\w/{}-]*_[\w{}-]*\.html")
INCLUDED = re.compile(r"{%-?\s*(?:include|from|import)\s+\"([^\"]+)\"")


def live_fragments_are_on_pages(tree: Tree) -> list[str]:
    """Law 6: each fragment that console/pages/ or console/live/ names is included, at some distance, by a page."""
    included = {path: {f"templates/{name}" for name in INCLUDED.findall(text)} for path, text in tree.templates.items()}
    on_pages = {path for path in included if not path.rpartition("/")[2].startswith("_")}
    while more := {name for path in on_pages for name in included.get(path, ())} - on_pages:
        on_pages |= more
    found = []
    for path, text in tree.texts.items():
        if not path.startswith(("console/pages/", "console/live/")):
            continue
        for name, line in texts(parsed(text)):
            if FRAGMENT.fullmatch(name):
                pattern = "templates/" + re.escape(name).replace(r"\{\}", "[^/]+")
                meant = [one for one in included if re.fullmatch(pattern, one)]
                if not meant:
                    found.append(f"{path} draws {name}, line {line}, which does not exist")
                found += [
                    f"{path} draws {one}, line {line}, which is on no page" for one in meant if one not in on_pages
                ]
    return found
