"""How seldom a process looks for circles among its objects."""

import gc


def collect_seldom(every: int) -> None:
    """Thousands of rows are no circles, and looking through them costs time.

    What is at hand now stays for as long as the process lives, and is not looked at again. What comes is looked through
    each time that `every` more objects have come than gone: all of it in one go, in which the event loop stands.
    """
    gc.freeze()
    gc.set_threshold(every, 50, 100)
    gc.enable()
