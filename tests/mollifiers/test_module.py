"""The layer as a module of a network: state, types, devices, gradients, compilation."""

from __future__ import annotations

import copy
import io
import subprocess
import sys

import numpy as np
import pytest
import torch

from chromamol.mollifiers.layer import MollifierLayer

BOUNDARIES = ("extend", "one-sided", "periodic")
SHAPE, SPACING, RADIUS = (23, 27), (0.2, 0.3), (4, 5)


@pytest.fixture(params=[*BOUNDARIES, "mask"])
def case(request):
    """A layer, a field, and the mask it is given, if any."""
    boundary = "one-sided" if request.param == "mask" else request.param
    names = ("", "xy", "laplacian")
    layer = MollifierLayer(SPACING, RADIUS, names, boundary=boundary)
    field = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, *SHAPE)))
    mask = None
    if request.param == "mask":
        mask = torch.ones(SHAPE, dtype=torch.bool)
        mask[:3] = mask[:, 24:] = mask[:6, :7] = False
        field = torch.where(mask, field, torch.nan)
    return layer, field, mask


def same(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert torch.equal(found[name], values)


def saved_and_loaded(layer):
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def test_nothing_to_train_and_nothing_to_save(case):
    layer, field, mask = case
    layer(field, mask)
    assert list(layer.parameters()) == []
    assert layer.state_dict() == {}
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), layer)
    assert set(network.state_dict()) == {"0.weight", "0.bias"}


@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.float(),
        lambda layer: layer.half(),
        lambda layer: layer.double(),
        lambda layer: torch.nn.Sequential(layer).float()[0],
        copy.deepcopy,
        saved_and_loaded,
    ],
    ids=["float", "half", "double", "in a network", "deepcopy", "pickle"],
)
def test_kernels_stay_in_float64(case, change, used):
    layer, field, mask = case
    before = layer(field.float(), mask)
    if not used:
        layer = MollifierLayer(SPACING, RADIUS, layer.derivatives, boundary=layer.boundary)
    changed = change(layer)
    assert {buffer.dtype for buffer in changed.buffers()} == {torch.float64}
    same(changed(field.float(), mask), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_type_of_the_field_and_know_its_gradient(case, dtype):
    layer, field, mask = case
    field = field.to(dtype).requires_grad_()
    found = layer(field, mask)
    less = [2 * cells if layer.boundary == "extend" else 0 for cells in RADIUS]
    for values in found.values():
        assert values.dtype == dtype
        assert values.shape == (2, 3, SHAPE[0] - less[0], SHAPE[1] - less[1])
    (gradient,) = torch.autograd.grad(found["xy"].square().sum(), field)
    assert gradient.dtype == dtype
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("spacing", "radius"),
    [
        (0.3, 5),
        (0.3, (5, 5)),
        ([0.3], np.int64(5)),
        (np.float64(0.3), 5.0),
        ([0.3, 0.3], [5, 5]),
        (np.array([0.3, 0.3]), np.array([5, 5])),
        (torch.tensor([0.3, 0.3], dtype=torch.float64), torch.tensor([5, 5])),
    ],
)
def test_spacing_and_radius_of_every_kind(spacing, radius):
    field = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 1, 30, 33)))
    expected = MollifierLayer((0.3, 0.3), (5, 5), boundary="one-sided")(field)
    same(MollifierLayer(spacing, radius, boundary="one-sided")(field), expected)


def test_fields_of_any_memory_layout(case):
    layer, field, mask = case
    expected = layer(field, mask)
    same(layer(field.transpose(0, 1).contiguous().transpose(0, 1), mask), expected)
    turned = field.mT.contiguous().mT
    assert not turned.is_contiguous()
    for name, values in layer(turned, mask).items():
        torch.testing.assert_close(values, expected[name], rtol=1e-9, atol=1e-9)
    one = layer(field[:1, :1].expand(4, 2, *SHAPE), mask)
    for name, values in expected.items():
        torch.testing.assert_close(one[name][3, 1], values[0, 0], rtol=1e-9, atol=1e-9)


def test_the_field_itself_is_left_alone(case):
    layer, field, mask = case
    before = field.clone()
    layer(field, mask)
    torch.testing.assert_close(field, before, rtol=0, atol=0, equal_nan=True)


def test_gradients_are_those_of_finite_differences(case):
    layer, field, mask = case
    layer = MollifierLayer(1.0, 2, ("", "laplacian"), boundary=layer.boundary, accuracy=2)
    part = np.s_[..., 2:12, 14:]
    mask = None if mask is None else mask[part]
    field = torch.nan_to_num(field[:1, :1][part]).requires_grad_()

    def derivatives(inside):
        given = inside if mask is None else torch.where(mask, inside, torch.nan)
        return tuple(layer(given, mask).values())

    assert torch.autograd.gradcheck(derivatives, (field,))


def test_a_layer_is_linear_and_does_not_mix_channels(case):
    layer, field, mask = case
    found = layer(field, mask)
    turned = layer(3 * field.flip(0, 1), mask)
    for name, values in found.items():
        expected = 3 * values.flip(0, 1)
        atol = float(1e-12 * expected.abs().max())
        torch.testing.assert_close(turned[name], expected, rtol=0, atol=atol)


def test_compiled_it_gives_the_same(case):
    layer, field, mask = case
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=mask is None)
    results = []
    for module in (layer, compiled):
        given = field.float().requires_grad_()
        found = module(given, mask)
        sum(values.square().sum() for values in found.values()).backward()
        results.append({**found, "gradient": given.grad})
    torch.compiler.reset()
    for name, values in results[0].items():
        torch.testing.assert_close(results[1][name], values, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_on_cuda_it_gives_the_same(case):
    layer, field, mask = case
    results = []
    for device in ("cpu", "cuda"):
        given = field.detach().to(device, copy=True).requires_grad_()
        found = copy.deepcopy(layer).to(device)(given, mask)
        sum(values.square().sum() for values in found.values()).backward()
        assert given.grad.device.type == device
        results.append({**found, "gradient": given.grad})
    for name, values in results[0].items():
        atol = float(1e-11 * values.abs().max())
        torch.testing.assert_close(results[1][name].cpu(), values, rtol=0, atol=atol)
    with pytest.raises(ValueError, match=r"layer on cpu.*layer.to\('cuda:0'\)"):
        layer(field.cuda(), mask)


def test_its_parameters_are_printed():
    layer = MollifierLayer((0.1, 0.2), 5, ("x", ""), "bump", "periodic", accuracy=2)
    assert (
        "spacing=(0.1, 0.2), radius=(5, 5), derivatives=('x', ''), kernel='bump', "
        "boundary='periodic', accuracy=2"
    ) in repr(layer)


def test_importing_a_layer_does_not_load_the_compiler():
    code = "import chromamol.mollifiers.layer, sys; sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
