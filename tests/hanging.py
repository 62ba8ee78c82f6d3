"""Where a test stood that its time limit has ended: what each task of its event loop waited for."""

import asyncio
import gc
from collections.abc import Generator
from traceback import StackSummary, format_list
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

import pytest

RUN = (AsyncGeneratorType, CoroutineType, GeneratorType)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add it to the report of the test."""
    report = yield
    if call.excinfo is not None and str(call.excinfo.value).startswith("Timeout (>"):
        report.sections.append(("Tasks that wait", waits(call.excinfo)))
    return report


def waits(failure: pytest.ExceptionInfo[BaseException]) -> str:
    """The tasks of the event loop that the failure has left, each with its frames, the innermost last; or nothing."""
    loops = [entry.frame.f_locals.get("self") for entry in failure.traceback]
    loop = next((one for one in loops if isinstance(one, asyncio.AbstractEventLoop)), None)
    if loop is None:
        return ""
    return "\n".join(
        f"{task.get_name()}:\n" + "".join(format_list(StackSummary.extract((one, one.f_lineno) for one in frames)))
        for task in asyncio.all_tasks(loop)
        if (frames := frames_of(task.get_coro()))
    )


def frames_of(waiting: Any) -> list[FrameType]:
    """Those of a coroutine and of all that it awaits in turn."""
    found = []
    while waiting is not None:
        if isinstance(waiting, CoroutineType):
            frame, behind = waiting.cr_frame, waiting.cr_await
        elif isinstance(waiting, AsyncGeneratorType):
            frame, behind = waiting.ag_frame, waiting.ag_await
        elif isinstance(waiting, GeneratorType):
            frame, behind = waiting.gi_frame, waiting.gi_yieldfrom
        else:  # what stands between an `await` and one of them names it only to the garbage collector
            held = (one for one in gc.get_referents(waiting) if isinstance(one, RUN))
            frame, behind = None, next(held, None)
        found += [frame] if frame else []
        waiting = behind
    return found
