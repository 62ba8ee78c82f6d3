"""How seldom a process looks for circles among its objects."""

import gc


def collect_seldom(every: int) -> None:
    """Thousands of rows or of open connections are no circles, and looking through them is a tenth of the work.

    What is at hand now stays for as long as the process lives, and is not looked at again; what comes is looked through
    each time that so many things more have come than gone.
    """
    gc.freeze()
    gc.set_threshold(every, 50, 100)
