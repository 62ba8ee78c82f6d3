"""The headers of a file that is sent to be kept."""

from console.store.replica import Moment


def attachment(name: str, ending: str, moment: Moment) -> dict[str, str]:
    """Content-Disposition, and Data-As-Of: all that was committed by then is in the file.

    One that was read from a replica that lagged says it in its name too.
    """
    if moment.behind:
        name += f"-as-of-{moment.as_of:%Y-%m-%dT%H-%M-%SZ}"
    return {
        "Content-Disposition": f'attachment; filename="{name}.{ending}"',
        "Data-As-Of": moment.as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
