"""How seldom a process looks for circles among its objects."""

import gc


def collect_seldom() -> None:
    """Thousands of rows or of open connections are no circles, and looking through them is a tenth of the work.

    What is at hand now stays for as long as the process lives, and is not looked at again.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
