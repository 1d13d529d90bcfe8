"""Which memory was written in place, and when: what torch's version counter is for.

A vjp holds arrays of its forward pass. Were one of them overwritten before backward(), the gradient would
be silently wrong. So one clock stamps both the tensors made and the memory written, a view shares the stamp
of the memory it looks at, and backward() refuses a vjp that holds memory written after the vjp was made.
Not seen, as in torch: writes past the tensor, to an array obtained from it (t.numpy()[0] = 1)."""

import itertools

import numpy as np

clock = itertools.count(1)
last_written = 0                     # the latest stamp of all


def share(view, t):
    """Let the Tensor view have t's stamp: they are one memory. Returns view."""
    view._written = t._written = t._written or [0]
    return view


def share_with_arguments(out, tensors):
    """The same for an operation's value, if NumPy made it a view of one of the operation's arguments."""
    for t in tensors:
        if np.may_share_memory(t.data, out.data):
            share(out, t)


def stamp(t):
    """Note that t's memory is being written now."""
    global last_written
    last_written = share(t, t)._written[0] = next(clock)


def refuse_overwritten(name, vjp, since, tensors):
    """Raise RuntimeError if vjp, of the operation `name`, holds memory of a tensor written after `since`."""
    for t in tensors:
        if t._written and t._written[0] > since and any(np.may_share_memory(a, t.data) for a in _held(vjp)):
            raise RuntimeError(f"backward: {name} needs an array of shape {t.shape} as it was, "
                               "but it was written in place since")


def _held(x):
    """The arrays that a function, or a list, of functions, lists and arrays holds."""
    if isinstance(x, np.ndarray):
        return [x]
    parts = x if isinstance(x, (list, tuple)) else getattr(x, "__closure__", None) or ()
    return [a for part in parts for a in _held(_content(part))]


def _content(part):
    try:
        return part.cell_contents
    except AttributeError:               # of a list, not of a closure
        return part
    except ValueError:                   # a variable of a branch that was not taken
        return None
