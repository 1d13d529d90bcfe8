"""A time limit around code that somebody else wrote and that may never return.

In the main thread of a Unix process an alarm interrupts the code, even while it sleeps. Elsewhere a watchdog thread
raises TimeUp inside the thread that runs the code, between two of its instructions. Both repeat, so that a bare
`except:` in a loop does not swallow the only interruption. Neither touches SIGINT: Ctrl-C and the kernel's stop
button raise KeyboardInterrupt as always. A single long call into compiled code ends only when that call does.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Callable

__all__ = ["TimeUp", "run_within"]

REPEAT = 0.05  # seconds between interruptions once the time is up


class TimeUp(BaseException):
    """The time is up. Not an Exception, so that `except Exception` in the code lets it pass."""


def run_within(seconds: float, function: Callable, *args, alarm: bool | None = None):
    """function(*args), or TimeUp after `seconds`. alarm: True or False forces one of the two means."""
    if alarm is None:
        alarm = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    return (by_alarm if alarm else by_watchdog)(seconds, function, *args)


def by_alarm(seconds: float, function: Callable, *args):
    running = True

    def ring(number, frame):
        if running:
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    waiting = signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)
    try:
        return function(*args)
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, *waiting)
        signal.signal(signal.SIGALRM, before)


def by_watchdog(seconds: float, function: Callable, *args):
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    me = ctypes.c_ulong(threading.get_ident())
    turn = threading.Lock()  # held while raising, so that nothing is raised after `over` is set
    over = threading.Event()

    def watch():
        if over.wait(seconds):
            return
        while not over.is_set():
            with turn:
                if not over.is_set():
                    raise_in(me, ctypes.py_object(TimeUp))
            over.wait(REPEAT)

    watchdog = threading.Thread(target=watch, name="gradbook time limit", daemon=True)
    watchdog.start()
    late: TimeUp | None = None
    try:
        return function(*args)
    finally:
        while not over.is_set():
            try:
                with turn:
                    over.set()
                    raise_in(me, None)  # whatever was raised and has not arrived yet
            except TimeUp as last:
                late = last
        with contextlib.suppress(TimeUp):
            watchdog.join()
        del late
