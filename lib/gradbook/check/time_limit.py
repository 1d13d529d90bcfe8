"""A time limit around code that somebody else wrote and that may never return.

In the main thread of a Unix process an alarm interrupts the code, even in its sleep. Elsewhere a watchdog
thread raises TimeUp in the thread that runs the code, between two of its instructions. Both repeat, so that a
bare `except:` inside a loop does not swallow the only interruption. Neither touches SIGINT: Ctrl-C and the
kernel's stop button raise KeyboardInterrupt as always. One long call into compiled code ends when it ends.
"""

import ctypes
import signal
import threading
from collections.abc import Callable

REPEAT = 0.05  # seconds between two interruptions, once the time is up


class TimeUp(BaseException):
    """The time is up. Not an Exception, so that `except Exception` in the code lets it through."""


def run_within(seconds: float, function: Callable, *args, alarm: bool | None = None):
    """function(*args), or TimeUp after `seconds`. alarm: True or False asks for one of the two means."""
    if alarm is None:
        alarm = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    return (by_alarm if alarm else by_watchdog)(seconds, function, *args)


def by_alarm(seconds: float, function: Callable, *args):
    running = True

    def ring(number, frame):
        if running:
            raise TimeUp

    handler, timer = signal.signal(signal.SIGALRM, ring), (0.0, 0.0)
    try:
        timer = signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)  # inside: it may ring at once
        return function(*args)
    finally:
        running = False  # first, and without a call: no alarm can be raised in what follows
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def by_watchdog(seconds: float, function: Callable, *args):
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    me = ctypes.c_ulong(threading.get_ident())
    over = False
    turn = threading.Lock()  # held from looking at `over` until TimeUp is sent
    begun, finished = threading.Event(), threading.Event()

    def watch():
        begun.wait()  # so that nothing is raised while the thread is being started
        finished.wait(seconds)
        while not over:
            with turn:
                if not over:
                    raise_in(me, ctypes.py_object(TimeUp))
            finished.wait(REPEAT)

    def settle():
        """Ends with a TimeUp: one that was on its way, or this one. A TimeUp that is withdrawn would leave a
        mark in CPython 3.11, over which the next function under sys.setprofile stumbles for ever."""
        with turn:  # whatever was on its way has been sent
            pass
        raise_in(me, ctypes.py_object(TimeUp))
        while True:
            pass

    try:
        threading.Thread(target=watch, name="gradbook time limit", daemon=True).start()
        begun.set()
        return function(*args)
    finally:
        over = True  # first, and without a call: from here on at most two TimeUps can still arrive
        try:
            settle()
        except TimeUp:
            try:
                settle()
            except TimeUp:
                try:  # noqa: SIM105 - entering contextlib.suppress would be one more place to be interrupted
                    settle()
                except TimeUp:
                    pass
        begun.set()
        finished.set()
