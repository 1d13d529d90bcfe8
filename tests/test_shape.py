"""Operations that rearrange, join and divide: shapes, dtypes, views, and what torch takes in their place."""

import gradbook
import numpy as np
import pytest

torch = pytest.importorskip("torch")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))


def both(f, *arrays):
    """The values under both libraries, and the gradients for a random cotangent of each value."""
    results = []
    for T in (gradbook, torch):
        leaves = [T.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        values = f(T, *leaves)
        values, draw = values if isinstance(values, (tuple, list)) else [values], np.random.default_rng(1)
        for v in values:
            if v.requires_grad:
                g = draw.normal(size=tuple(v.shape))
                v.backward(T.tensor(g.astype(str(v.dtype).removeprefix("torch."))), retain_graph=True)
        grads = [leaf.grad for leaf in leaves if leaf.requires_grad and leaf.grad is not None]
        results.append([*values, *grads])
    return results


def assert_same(f, *arrays):
    ours, theirs = both(f, *arrays)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert a.shape == tuple(b.shape)
        assert f"torch.{a.dtype}" == str(b.dtype)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-14)


OPERATIONS = {
    "squeeze": lambda T, x: x[:1].squeeze(), "squeeze 0": lambda T, x: T.squeeze(x[:1], 0),
    "squeeze what is longer": lambda T, x: x.squeeze(1), "squeeze some": lambda T, x: x[:1].squeeze((0, 1)),
    "squeeze none": lambda T, x: x[:1].squeeze(()), "squeeze a number": lambda T, x: x.sum().squeeze(0),
    "unsqueeze": lambda T, x: T.unsqueeze(x, 1), "unsqueeze last": lambda T, x: x.unsqueeze(-1),
    "unsqueeze a number": lambda T, x: x.sum().unsqueeze(0), "expand": lambda T, x: x[:, :1].expand(2, 3, -1),
    "expand in front": lambda T, x: x.expand((5, *x.shape)),
    "expand to none": lambda T, x: x[:1].expand(0, 3, 4),
    "transpose by keyword": lambda T, x: x.transpose(dim0=0, dim1=-1),

    "transpose a number": lambda T, x: x.sum().transpose(0, -1),
    "permute": lambda T, x: x.permute(dims=(2, 0, 1)),
    "permute a number": lambda T, x: T.permute(x.sum(), ()),
    "flatten a number": lambda T, x: x.sum().flatten(),
    "flatten none": lambda T, x: x[:0].flatten(1), "reshape none": lambda T, x: x[:0].reshape(-1),
    "contiguous": lambda T, x: x.transpose(0, 1).contiguous().view(-1),
    "flip": lambda T, x: T.flip(x, dims=(0, -1)), "flip none": lambda T, x: x.flip(()),
    "roll": lambda T, x: T.roll(x, shifts=(1, -2), dims=(0, 2)), "roll flat": lambda T, x: x.roll(7),
    "roll one twice": lambda T, x: x.roll((1, 1), (2, 2)), "roll a number": lambda T, x: x.sum().roll(1),
    "tril": lambda T, x: x.tril(-1), "triu": lambda T, x: T.triu(x, diagonal=2),
    "triu all": lambda T, x: x.triu(9),
    "split": lambda T, x: T.split(x, 3, dim=2), "split in lengths": lambda T, x: x.split([1, 0, 3], -1),
    "split none": lambda T, x: x[:0].split(2), "chunk": lambda T, x: x.chunk(3, dim=2),
    "chunk in fewer": lambda T, x: T.chunk(x, 3, 2), "chunk none": lambda T, x: x[:0].chunk(3),
    "stack": lambda T, x: T.stack([x, 2 * x], dim=1), "stack last": lambda T, x: T.stack((x, x), -1),
    "stack numbers": lambda T, x: T.stack([x.sum(), x.mean()]),
    "cat twice the same": lambda T, x: T.cat([x, x], 1),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_equal_torchs(name):
    assert_same(OPERATIONS[name], x)


def test_cat_joins_unequal_lengths_and_takes_the_widest_dtype():
    assert_same(lambda T, x, y: T.cat((x, y, x), dim=1), x, y)
    for a, b in (("float32", "float64"), ("float32", "int64"), ("bool", "int32"), ("int64", "bool")):
        assert_same(lambda T, x, y: T.cat([x, y], 1), x.astype(a), y.astype(b))


def test_views_share_memory_with_what_they_view():
    t = gradbook.tensor(x)
    for view in (t.squeeze(), t.unsqueeze(0), t.expand(5, 2, 3, 4), t.transpose(0, 1), *t.split(2, 1),
                 *t.chunk(2), t.view(6, 4), t.contiguous()):
        assert np.may_share_memory(view.data, t.data)
    for copied in (t.flip(0), t.roll(1), t.tril(), gradbook.cat([t]), t.transpose(0, 1).contiguous()):
        assert not np.may_share_memory(copied.data, t.data)


def test_writing_into_a_part_is_noticed_by_what_needs_the_whole():
    t = gradbook.tensor(x, requires_grad=True)
    z = (t * t).sum()
    with gradbook.no_grad():
        t.split(1)[0].zero_()
    with pytest.raises(RuntimeError, match="mul needs an array"):
        z.backward()


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 0, 1)])
def test_a_tensor_of_no_entries_joins_any_other_as_in_torch(order, dim):
    arrays = np.zeros(0), x[0], x[1].astype(np.float32)
    assert_same(lambda T, *tensors: T.cat([tensors[k] for k in order], dim), *arrays)


def test_tensors_of_no_entries_alone_make_another():
    assert_same(lambda T, a, b: T.cat([a, b]), np.zeros(0), np.zeros(0, np.float32))
