"""Convolution, a small kernel moved over an image, and the padding of what it is moved over.

The kernel is not mirrored, as everywhere in deep learning: this is cross-correlation,
    y[n, o, p, q] = b[o] + Σ_{c, i, j} w[o, c, i, j] x[n, c, p s + i d - before, q s + j d - before],
with stride s and dilation d, x being 0 where there is no x. Its adjoint, the vjp of x, is the transposed
convolution: g[n, o, p, q] w[o, c, i, j] is added to dx wherever x was read."""

import numpy as np

from .autodiff import primitive

ROOM = 1 << 20                 # how many numbers `correlate` unrolls at a time: a cache should hold them

# On Linux, malloc hands large arrays back to the system when they are freed, and the next ones begin with
# thousands of page faults, half of the time of a training step. Once a block of nearly 32 MB was freed, the
# most that its rule allows, it keeps up to 64 MB instead. This block is never written to: it costs nothing.
np.empty((1 << 25) - (1 << 16), np.uint8)


def output_size(n, kernel, stride=1, padding=(0, 0), dilation=1, ceil_mode=False) -> int:
    """How many places a kernel has on n pixels: ⌊(n + before + after - d (kernel - 1) - 1) / s⌋ + 1.

    padding: (before, after), in pixels.   ceil_mode: ⌈ ⌉ in the place of ⌊ ⌋, so that at the last place the
    kernel may reach beyond the end; but it does not begin there."""
    before, after = padding
    room = n + before + after - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    size = -(-room // stride) + 1
    return size - ((size - 1) * stride >= n + before)


def taps(n, size, kernel, stride=1, before=0, dilation=1):
    """For each weight i of a kernel: at which outputs it meets a pixel, and these pixels, as two slices.

    At output q, of 0 ... size - 1, it meets pixel q s + i d - before, if that is one of 0 ... n - 1.
    Whatever slides is a loop over taps: y[outputs] += w[i] x[pixels], with the adjoint
    dx[pixels] += w[i] g[outputs].
    """
    for i in range(kernel):
        first = i * dilation - before                                 # the pixel at output 0
        start = max(0, -(first // stride))                            # ⌈-first / s⌉
        stop = max(start, min(size, (n - 1 - first) // stride + 1))
        yield slice(start, stop), slice(start * stride + first, max(0, stop * stride + first), stride)


def correlate(x, weight, bias, stride, padding, dilation, groups):
    """conv2d of arrays, with a batch and with a pair for every option: (y, vjp).

    The loop over taps is the definition; this is the same sum, as matrix products. Along a row of pixels,
    the kw that each output meets are laid out in rows[h], in the order (c, j) of a row of the kernel. In
    memory rows h, h + 1, ... lie behind each other, so what row p of the outputs meets is a matrix R_p that
    is there already (and copied only if dilated), its K = kh·C·kw rows in the order (i, c, j). With the
    kernels as columns of a matrix V:
        y_p = Vᵀ R_p     dV = Σ_p R_p g_pᵀ     dR_p = V g_p, summed where the R_p overlap.
    """
    (n, c, h, w), (o, _, kh, kw), (sh, sw), (dh, dw) = x.shape, weight.shape, stride, dilation
    (top, bottom), (left, _), depth = *padding, c // groups
    oh, ow = (output_size(*axis) for axis in zip((h, w), (kh, kw), stride, padding, dilation))
    kernels = weight.reshape(groups, o // groups, depth, kh, kw).transpose(0, 3, 2, 4, 1)
    kernels = kernels.reshape(groups, kh * depth * kw, o // groups)                  # V: (G, K, O/G)
    some = max(1, ROOM // max(1, (top + h + bottom) * c * kw * ow))
    batches = [slice(k, min(k + some, n)) for k in range(0, n, some)]

    def pairs(rows, images):
        """For each column j of the kernel, two views of the same pixels: in rows, and in the images."""
        images = images.reshape(len(images), groups, depth, h, w).transpose(1, 3, 2, 0, 4)
        for j, (outputs, pixels) in enumerate(taps(w, ow, kw, sw, left, dw)):
            yield rows[:, top:top + h, :, j, :, outputs], images[..., pixels]       # (G, H, C/G, b, ...)

    def unroll(images):
        rows = np.zeros((groups, top + h + bottom, depth, kw, len(images), ow), x.dtype)
        for inside, pixels in pairs(rows, images):
            inside[...] = pixels
        return rows

    def met(rows, p):
        """R_p: (G, kh, C/G, kw, b, ow)."""
        return rows[:, p * sh:p * sh + dh * (kh - 1) + 1:dh]

    def matrix(r):
        return r.reshape(groups, kh * depth * kw, r.shape[-2] * ow)                  # (G, K, b·ow)

    y = np.empty((n, o, oh, ow), x.dtype)
    for batch in batches:
        rows = unroll(x[batch])
        for p in range(oh):
            y_p = (kernels.swapaxes(1, 2) @ matrix(met(rows, p))).reshape(o, -1, ow)
            if bias is not None:
                y_p += bias[:, None, None]
            y[batch, :, p] = y_p.swapaxes(0, 1)                                      # (b, O, ow)

    def vjp(g, needs=(0, 1, 2)):
        dx, dkernels = np.zeros(x.shape, x.dtype), np.zeros_like(kernels)
        for batch in batches:
            rows = unroll(x[batch]) if 1 in needs else None
            drows = np.zeros((groups, top + h + bottom, depth, kw, batch.stop - batch.start, ow), x.dtype)
            for p in range(oh):
                g_p = g[batch, :, p].swapaxes(0, 1).reshape(groups, o // groups, -1)
                if 1 in needs:
                    dkernels += matrix(met(rows, p)) @ g_p.swapaxes(1, 2)
                if 0 in needs:
                    r = met(drows, p)
                    r += (kernels @ g_p).reshape(r.shape)
            if 0 in needs:
                for inside, pixels in pairs(drows, dx[batch]):
                    pixels += inside                                # the adjoint of unroll
        dweight = dkernels.reshape(groups, kh, depth, kw, o // groups).transpose(0, 4, 2, 1, 3)
        return dx, dweight.reshape(weight.shape), g.sum(axis=(0, 2, 3)) if 2 in needs else None

    return y, vjp


@primitive(skips=True)
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """y = b + Σ_{c, i, j} w x, as above, over the last two axes.

    x: (N, C, H, W) or (C, H, W).   weight: (O, C/groups, kh, kw).   bias: (O,) or None.   All of one dtype.
    y: (N, O, H', W') or (O, H', W'), as `output_size` says.   Options: a number, or one for each axis.
    padding: so many 0 on either side; "valid": none; "same": dilation (kernel - 1) in all, so that y is as
    large as x with stride 1, which it needs; of an odd number the larger half comes behind x.
    groups: the k-th part of the outputs sees the k-th part of the channels only; depthwise if groups = C.
    Raises ValueError for shapes and options that do not fit, TypeError for dtypes."""
    return _convolution("conv2d", x, weight, bias, stride, padding, dilation, groups)


@primitive(skips=True)
def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """conv2d with a single axis.

    x: (N, C, L) or (C, L).   weight: (O, C/groups, k).   bias: (O,) or None.   y: (N, O, L') or (O, L')."""
    return _convolution("conv1d", x, weight, bias, stride, padding, dilation, groups)


def _convolution(name, x, weight, bias, stride, padding, dilation, groups):
    axes, letters, sides = (1, "L", "k") if name == "conv1d" else (2, "H, W", "kh, kw")
    stride, dilation = (per_axis(f"{name}: {what}", value, axes)
                        for what, value in (("stride", stride), ("dilation", dilation)))
    (groups,) = per_axis(f"{name}: groups", groups, 1)
    if weight.ndim != axes + 2 or 0 in weight.shape:
        raise ValueError(f"{name}: weight {weight.shape} is not (O, C/groups, {sides})")
    o, c, kernel = weight.shape[0], weight.shape[1] * groups, weight.shape[2:]
    if o % groups:
        raise ValueError(f"{name}: groups={groups} does not divide the {o} outputs of weight {weight.shape}")
    if x.ndim not in (axes + 1, axes + 2) or x.shape[-axes - 1] != c or 0 in x.shape[-axes:]:
        raise ValueError(f"{name}: x {x.shape} is not (N, {c}, {letters}) or ({c}, {letters}), "
                         f"as weight {weight.shape} with groups={groups} needs")
    if bias is not None and bias.shape != (o,):
        raise ValueError(f"{name}: bias {bias.shape} is not (O,) = ({o},), as weight needs")
    dtypes = [a.dtype for a in (x, weight, bias) if a is not None]
    if len(set(dtypes)) > 1:
        raise TypeError(f"{name}: x, weight and bias are {', '.join(map(str, dtypes))}; one dtype is needed")
    padding = _both_sides(name, padding, kernel, stride, dilation)
    if any(output_size(*axis) < 1 for axis in zip(x.shape[-axes:], kernel, stride, padding, dilation)):
        raise ValueError(f"{name}: kernel {kernel} with dilation={dilation} is larger than x {x.shape} with "
                         f"padding={padding}")
    y, back = correlate(                                 # of conv1d: images with one row, and such kernels
        x.reshape(x.shape[0] if x.ndim == axes + 2 else 1, c, *(1, *x.shape[-axes:])[-2:]),
        weight.reshape(o, weight.shape[1], *(1, *kernel)[-2:]),
        bias, (1, *stride)[-2:], ((0, 0), *padding)[-2:], (1, *dilation)[-2:], groups)
    shape = y.shape

    def vjp(g, needs=(0, 1, 2)):
        dx, dweight, dbias = back(g.reshape(shape), needs)
        return dx.reshape(x.shape), dweight.reshape(weight.shape), dbias

    return y.reshape(*x.shape[:-axes - 1], o, *shape[-axes:]), vjp


def per_axis(what, value, axes, least=1):
    """An integer for each axis, from one for all or a tuple; else ValueError or TypeError about `what`."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if not all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values):
        raise TypeError(f"{what}={value!r} came, an integer or a tuple of {axes} is needed")
    if len(values) not in (1, axes) or min(values) < least:
        raise ValueError(f"{what}={value!r} came, an integer >= {least} or a tuple of {axes} is needed")
    return values * (axes // len(values))


def _both_sides(name, padding, kernel, stride, dilation):
    """(before, after) for each axis."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_axis(f"{name}: padding", padding, len(kernel), least=0))
    if padding not in ("same", "valid"):
        raise ValueError(f"{name}: padding={padding!r} came, a number, a tuple, 'same' or 'valid' is needed")
    if padding == "same" and max(stride) > 1:
        raise ValueError(f"{name}: padding='same' came with stride={stride}, stride 1 is needed")
    sums = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel, dilation)]
    return tuple((total // 2, total - total // 2) for total in sums)


@primitive
def pad(x, pad, mode="constant", value=None):
    """x made longer at its ends or, where pad is negative, shorter. dx: g is added to what was read.

    pad: (before, after) for the last axis, then for the one before it, ..., for as many axes as it has pairs.
    mode: what comes there. "constant": value, or 0; "replicate": the last entry; "reflect": the entries as
    mirrored at the last one, so pad < n; "circular": those from the other end, so pad <= n.
    The last three take 1 to 3 axes, behind one or two that stay, as in (N, C, H, W).
    Raises ValueError, or TypeError for a pad that does not consist of integers."""
    if not isinstance(pad, (tuple, list)) or not all(isinstance(p, (int, np.integer)) for p in pad):
        raise TypeError(f"pad: pad={pad!r} came, a tuple of integers is needed")
    if mode not in ("constant", "replicate", "reflect", "circular"):
        raise ValueError(f"pad: mode={mode!r} came, 'constant', 'replicate', 'reflect', 'circular' is needed")
    axes = len(pad) // 2
    if len(pad) % 2 or axes > x.ndim:
        raise ValueError(f"pad: pad={pad} came with x {x.shape}, two numbers for each axis are needed")
    if mode != "constant" and (value or not 1 <= axes <= 3 or x.ndim not in (axes + 1, axes + 2)
                               or (mode != "circular" and 0 in x.shape[-axes - 1:])):
        raise ValueError(f"pad: mode={mode!r} came with pad={pad}, value={value}, x {x.shape}; it needs no "
                         "value, 1 to 3 pairs, and x one or two axes more, with entries")
    ends = [(0, 0)] * (x.ndim - axes) + [*zip(pad[::2], pad[1::2])][::-1]                # of every axis
    for axis, (n, (before, after)) in enumerate(zip(x.shape, ends)):
        kept, size, most = n + min(0, before) + min(0, after), before + n + after, max(before, after, 0)
        if {"constant": kept < 0, "replicate": n and size < 1, "reflect": n and (size < 1 or most >= n),
                "circular": most > kept}[mode]:
            raise ValueError(f"pad: {before, after} is too much for axis {axis} of {n} entries, {mode=}")
    grown = [(max(0, before), max(0, after)) for before, after in ends]
    cut = tuple(slice(max(0, -before), min(0, after) or None) for before, after in ends)
    reads = np.arange(x.size).reshape(x.shape)                             # which entry comes where, -1: none
    if mode == "circular":
        reads = np.pad(reads[cut], grown, "wrap")
    elif axes:                                                             # np.pad does not take a number
        none = {"constant_values": -1} if mode == "constant" else {}
        reads = np.pad(reads, grown, "edge" if mode == "replicate" else mode, **none)[cut]
    shape, size = x.shape, x.size

    def vjp(g):
        dx = np.bincount(reads.ravel() + 1, g.ravel(), size + 1)[1:]       # -1 is added up at 0, and dropped
        return (dx.reshape(shape).astype(g.dtype, copy=False),)

    return np.append(x, np.asarray(value or 0, x.dtype))[reads], vjp       # value is the last, x[-1]
