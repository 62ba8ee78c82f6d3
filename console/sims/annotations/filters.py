"""Tags and custom fields in the address of a list: `tag=`, `tag_not=`, `field.site=`."""

from collections.abc import Iterable

from msgspec import Struct

from console.sims.annotations.rules import AnnotationRefused, field_name, field_value, fold_tag

PREFIX = "field."
MOST = 10  # of each kind in one list


class AnnotationFilter(Struct, frozen=True, kw_only=True):
    """What is asked for, folded as it is stored."""

    tags: tuple[str, ...] = ()
    tags_not: tuple[str, ...] = ()
    custom_fields: tuple[tuple[str, str], ...] = ()

    def parameters(self) -> list[tuple[str, str]]:
        """The same as names and values of an address."""
        return [
            *(("tag", tag) for tag in self.tags),
            *(("tag_not", tag) for tag in self.tags_not),
            *((f"{PREFIX}{name}", value) for name, value in self.custom_fields),
        ]


def read_filter(parameters: Iterable[tuple[str, str]]) -> AnnotationFilter:
    """The filter among these parameters; empty values ask for nothing. Raises AnnotationRefused."""
    asked = [(name, value) for name, value in parameters if value.strip()]
    tags, tags_not = (
        {fold_tag(one) for name, value in asked if name == kind for one in value.split(",") if one.strip()}
        for kind in ("tag", "tag_not")
    )
    fields = {
        field_name(name.removeprefix(PREFIX)): field_value(value) for name, value in asked if name.startswith(PREFIX)
    }
    if max(len(tags), len(tags_not), len(fields)) > MOST:
        raise AnnotationRefused(f"At most {MOST} tags and {MOST} custom fields are looked for at once.")
    return AnnotationFilter(
        tags=tuple(sorted(tags)), tags_not=tuple(sorted(tags_not)), custom_fields=tuple(sorted(fields.items()))
    )
