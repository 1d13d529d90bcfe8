"""Properties, on shapes, dimensions and indices that hypothesis draws: the same ones each time.

Where torch is installed, value and gradients are compared with its own. Without it remains what needs none:
the shape that NumPy's rules give; and, for a linear f with adjoint f*, that <g, f(x)> = <f*(g), x>.
"""

import math
import warnings

import gradbook
import gradbook.functional as F
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

few = settings(max_examples=60, derandomize=True, deadline=None, database=None,
               suppress_health_check=list(HealthCheck))
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
SEEDS = st.integers(0, 999)


def arrays_of(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape)) for shape in shapes]


def outcome(T, f, arrays):
    """[value, *gradients] for a random cotangent."""
    leaves = [T.tensor(a, requires_grad=True) for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)            # of the mean of nothing
        y = f(T, *leaves)
        y.backward(T.tensor(np.random.default_rng(1).normal(size=tuple(y.shape))))
    return [y.detach().numpy(), *(t.grad.numpy() for t in leaves)]


def check(f, arrays, shape, linear=False):
    """f(T, *tensors) has that shape, gradients as its operands, and agrees with torch."""
    value, *grads = outcome(gradbook, f, arrays)
    assert value.shape == shape
    assert [g.shape for g in grads] == [a.shape for a in arrays]
    if linear:
        g, products = np.random.default_rng(1).normal(size=value.shape), zip(grads, arrays)
        np.testing.assert_allclose((g * value).sum(), sum((d * a).sum() for d, a in products), atol=1e-9)
    try:
        import torch
    except ImportError:
        return
    for ours, theirs in zip([value, *grads], outcome(torch, f, arrays)):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


# --- broadcasting ---------------------------------------------------------------------------------------

BINARY = {
    "add": lambda T, x, y: x + y, "sub": lambda T, x, y: x - y, "mul": lambda T, x, y: x * y,
    "div": lambda T, x, y: x / (y * y + 1), "pow": lambda T, x, y: (x * x + 0.5) ** y,
    "maximum": lambda T, x, y: T.maximum(x, y), "minimum": lambda T, x, y: T.minimum(x, y),
}


@pytest.mark.parametrize("name", BINARY)
@few
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=4), SEEDS)
def test_operands_broadcast_and_gradients_are_summed_back(name, shapes, seed):
    arrays = arrays_of(seed, *shapes.input_shapes)
    check(BINARY[name], arrays, shapes.result_shape, linear=name in ("add", "sub"))


@few
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4), SEEDS)
def test_where_broadcasts_all_three(shapes, seed):
    condition, *arrays = arrays_of(seed, *shapes.input_shapes)
    check(lambda T, x, y: T.where(T.tensor(condition > 0), x, y), arrays, shapes.result_shape, linear=True)


def matrices(signature, min_side=1):
    return hnp.mutually_broadcastable_shapes(signature=signature, max_dims=2, min_side=min_side, max_side=4)


@few
@given(matrices("(n,k),(k,m)->(n,m)", min_side=0), SEEDS)
def test_matmul_broadcasts_what_precedes_the_matrices(shapes, seed):
    check(lambda T, a, b: a @ b, arrays_of(seed, *shapes.input_shapes), shapes.result_shape)


@few
@given(matrices("(k),(k,m)->(m)"), SEEDS)
def test_matmul_with_a_vector_drops_its_dimension(shapes, seed):
    row, matrix, column = arrays_of(seed, shapes.input_shapes[0][-1:], *shapes.input_shapes[1:], ())
    column = np.resize(matrix, matrix.shape[-1]) + column
    check(lambda T, a, b: a @ b, [row, matrix], (row @ matrix).shape)
    check(lambda T, a, b: a @ b, [matrix, column], (matrix @ column).shape)
    check(lambda T, a, b: a @ b, [row, -row], ())


# --- dimensions -----------------------------------------------------------------------------------------


@st.composite
def shape_and_dim(draw, several=True, min_dims=1, min_side=1):
    """A shape, and one dimension of it; or, if several, perhaps more, or None. Some count from the end."""
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=4, min_side=min_side, max_side=5))
    dims = draw(st.permutations(range(len(shape))))[:draw(st.integers(1, len(shape)))]
    dims = tuple(d - len(shape) if draw(st.booleans()) else d for d in dims)
    return shape, draw(st.sampled_from([dims, dims[0], None])) if several else dims[0]


REDUCTIONS = ["sum", "mean", "var", "std", "amax", "amin", "logsumexp"]


@pytest.mark.parametrize("name", REDUCTIONS)
@few
@given(shape_and_dim(), st.booleans(), SEEDS)
def test_reductions_over_any_dimensions(name, shape_dim, keepdim, seed):
    (shape, dim), (x,) = shape_dim, arrays_of(seed, shape_dim[0])
    assume(dim is not None or name not in ("amax", "amin", "logsumexp"))      # torch has other words for all
    over = range(len(shape)) if dim is None else np.atleast_1d(dim) % len(shape)
    assume(name not in ("var", "std") or math.prod(shape[d] for d in over) > 1)
    expected = np.sum(x, axis=tuple(over), keepdims=keepdim).shape
    reduced = lambda T, x: getattr(T, name)(x, dim, keepdim=keepdim)
    check(reduced, [x], expected, linear=name in ("sum", "mean"))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "cumsum"])
@few
@given(shape_and_dim(several=False), SEEDS)
def test_functions_along_a_dimension(name, shape_dim, seed):
    shape, dim = shape_dim
    check(lambda T, x: getattr(T, name)(x, dim), arrays_of(seed, shape), shape, linear=name == "cumsum")


@few
@given(shape_and_dim(several=False), SEEDS, st.floats(-300, 300))
def test_probabilities_add_up_to_one_and_do_not_see_a_shift(shape_dim, seed, shift):
    (shape, dim), (x,) = shape_dim, map(gradbook.tensor, arrays_of(seed, shape_dim[0]))
    p = gradbook.softmax(x, dim).numpy()
    assert p.shape == shape
    np.testing.assert_allclose(p.sum(axis=dim), 1, rtol=1e-14)
    np.testing.assert_allclose(gradbook.softmax(x + shift, dim).numpy(), p, rtol=1e-11)
    np.testing.assert_allclose(np.exp(gradbook.log_softmax(x, dim).numpy()), p, rtol=1e-13)


# --- shapes ---------------------------------------------------------------------------------------------


@few
@given(SHAPES, st.data(), SEEDS)
def test_permuting_moves_every_length_and_the_inverse_moves_it_back(shape, data, seed):
    dims, (x,) = tuple(data.draw(st.permutations(range(len(shape))))), arrays_of(seed, shape)
    check(lambda T, x: x.permute(dims), [x], tuple(shape[d] for d in dims), linear=True)
    back = gradbook.tensor(x).permute(dims).permute(tuple(np.argsort(dims).tolist())).numpy()
    np.testing.assert_array_equal(back, x)


@few
@given(SHAPES, st.data(), SEEDS)
def test_reshaping_keeps_the_numbers_in_their_order(shape, data, seed):
    (x,), size = arrays_of(seed, shape), math.prod(shape)
    divisor = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0] or [1]))
    check(lambda T, x: x.reshape(divisor, -1), [x], (divisor, size // divisor), linear=True)
    np.testing.assert_array_equal(gradbook.tensor(x).flatten().numpy(), x.ravel())


@few
@given(shape_and_dim(several=False), st.integers(1, 4), SEEDS)
def test_what_is_split_can_be_joined_again(shape_dim, length, seed):
    (shape, dim), (x,) = shape_dim, arrays_of(seed, shape_dim[0])
    check(lambda T, x: T.cat(T.split(x, length, dim), dim), [x], shape, linear=True)
    check(lambda T, x: T.stack([x, -2 * x], dim).sum(dim), [x], shape, linear=True)


@few
@given(shape_and_dim(several=False), st.integers(-7, 7), SEEDS)
def test_rolling_and_flipping_are_undone_by_their_inverses(shape_dim, shift, seed):
    (shape, dim), (x,) = shape_dim, arrays_of(seed, shape_dim[0])
    check(lambda T, x: T.roll(x, shift, dim), [x], shape, linear=True)
    check(lambda T, x: T.flip(x, (dim,)), [x], shape, linear=True)
    t = gradbook.tensor(x)
    np.testing.assert_array_equal(gradbook.roll(gradbook.roll(t, shift, dim), -shift, dim).numpy(), x)
    np.testing.assert_array_equal(gradbook.flip(gradbook.flip(t, (dim,)), (dim,)).numpy(), x)


# --- indices --------------------------------------------------------------------------------------------


def forwards(index):
    """torch knows no slices with negative steps."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(not isinstance(i, slice) or i.step is None or i.step > 0 for i in parts)


@few
@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=5), st.data(), SEEDS)
def test_basic_indices_read_what_numpy_reads(shape, data, seed):
    (x,) = arrays_of(seed, shape)
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True).filter(forwards))
    check(lambda T, x: x[index], [x], x[index].shape, linear=True)


@few
@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), st.data(), SEEDS)
def test_integer_arrays_read_what_numpy_reads_also_twice(shape, data, seed):
    (x,) = arrays_of(seed, shape)
    index = data.draw(hnp.integer_array_indices(shape, dtype=np.dtype("int64")))
    check(lambda T, x: x[tuple(T.tensor(i) for i in index)], [x], x[index].shape, linear=True)


@few
@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), st.data(), SEEDS)
def test_a_mask_reads_what_numpy_reads(shape, data, seed):
    (x,) = arrays_of(seed, shape)
    mask = np.random.default_rng(seed + 1).random(shape[:data.draw(st.integers(1, len(shape)))]) < 0.5
    check(lambda T, x: x[T.tensor(mask)], [x], x[mask].shape, linear=True)


# --- windows and classes --------------------------------------------------------------------------------


IMAGES = st.tuples(st.integers(3, 7), st.integers(3, 7))
KERNELS = st.tuples(st.integers(1, 3), st.integers(1, 3))
CHANNELS = st.sampled_from([(2, 3, 1), (4, 2, 2), (2, 4, 2)])                  # in, out, groups


@few
@given(st.integers(0, 2), IMAGES, KERNELS, st.integers(1, 3), st.integers(0, 2), st.integers(1, 2), CHANNELS,
       SEEDS)
def test_convolutions_of_any_size(n, image, kernel, stride, padding, dilation, channels, seed):
    inputs, outputs, groups = channels
    size = [(i + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for i, k in zip(image, kernel)]
    assume(min(size) > 0)
    arrays = arrays_of(seed, (n, inputs, *image), (outputs, inputs // groups, *kernel), (outputs,))
    conv2d = lambda T, x, w, b=None: T.nn.functional.conv2d(x, w, b, stride, padding, dilation, groups)
    check(conv2d, arrays, (n, outputs, *size))
    check(lambda T, x: conv2d(T, x, T.tensor(arrays[1])), arrays[:1], (n, outputs, *size), linear=True)


@few
@given(IMAGES, st.integers(1, 3), st.integers(1, 3), st.booleans(), SEEDS)
def test_pooling_of_any_size(image, kernel, stride, ceil_mode, seed):
    (x,) = arrays_of(seed, (2, 3, *image))
    for name in ("max_pool2d", "avg_pool2d"):
        pool = lambda T, x, name=name: getattr(T.nn.functional, name)(x, kernel, stride, kernel // 2,
                                                                      ceil_mode=ceil_mode)
        check(pool, [x], tuple(pool(gradbook, gradbook.tensor(x)).shape), linear=name == "avg_pool2d")


@few
@given(st.integers(1, 4), st.integers(1, 5), hnp.array_shapes(min_dims=0, max_dims=2, max_side=3),
       st.sampled_from(["none", "mean", "sum"]), st.floats(0, 1), st.booleans(), SEEDS)
def test_cross_entropy_of_classes_and_probabilities(n, classes, places, reduction, smoothing, weighted, seed):
    rng = np.random.default_rng(seed)
    t, p = rng.integers(classes, size=(n, *places)), rng.uniform(size=(n, classes, *places))
    options = {"reduction": reduction, "label_smoothing": smoothing}
    weight = rng.uniform(0.5, 2, size=classes) if weighted else None
    for target in (t, p):
        def loss(T, z, target=target):
            w = None if weight is None else T.tensor(weight)
            return T.nn.functional.cross_entropy(z, T.tensor(target), w, **options)

        check(loss, arrays_of(seed, p.shape), (n, *places) if reduction == "none" else ())


@few
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), SEEDS)
def test_maxout_of_pieces_is_the_largest_of_as_many_linear_functions(n, units, pieces, seed):
    x, w, b = arrays_of(seed, (n, 3), (units * pieces, 3), (units * pieces,))
    y = F.maxout(F.linear(gradbook.tensor(x), gradbook.tensor(w), gradbook.tensor(b)), pieces, -1).numpy()
    np.testing.assert_allclose(y, (x @ w.T + b).reshape(n, units, pieces).max(axis=2), rtol=1e-13)
