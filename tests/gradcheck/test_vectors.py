"""Parameters and gradients as one vector, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autograd_mini as am
from autograd_mini import nn
from autograd_mini.errors import ShapeError
from autograd_mini.gradcheck import (
    dictionary_to_vector,
    gradients_to_vector,
    vector_to_dictionary,
)

W, B = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0]

COLLECTIONS: dict[str, Any] = {
    "dict of arrays": {"W": np.array(W), "b": np.array(B)},
    "dict of Tensors": {"W": am.Tensor(W), "b": am.Tensor(B)},
    "dict of Values": {"W": am.values(W), "b": am.values(B)},
    "list of arrays": [np.array(W), np.array(B)],
    "list of Tensors": [am.Tensor(W), am.Tensor(B)],
    "tuple of both": (am.values(W), np.array(B)),
}
every_collection = pytest.mark.parametrize("params", COLLECTIONS.values(), ids=COLLECTIONS)


@every_collection
def test_round_trip(params: Any):
    """Row by row, parameter by parameter into a vector, and back into arrays of those shapes."""
    vector = dictionary_to_vector(params)
    assert_array_equal(vector, np.arange(1.0, 9.0), strict=True)
    back = vector_to_dictionary(vector * 10.0, params)
    if isinstance(params, dict):
        assert list(back) == ["W", "b"]
        back = list(back.values())
    assert type(back) is list
    assert_array_equal(back[0], 10.0 * np.array(W), strict=True)
    assert_array_equal(back[1], 10.0 * np.array(B), strict=True)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_module(kind: type[am.Node]):
    """A module goes into a vector and out into a state that it takes."""
    model, other = (nn.MLP(3, [4, 2], kind=kind, rng=seed) for seed in (0, 1))
    vector = dictionary_to_vector(model)
    assert_array_equal(vector, np.concatenate([a.ravel() for a in model.state_dict().values()]))
    other.load_state_dict(vector_to_dictionary(vector, other))
    assert_array_equal(dictionary_to_vector(other), vector)


def test_scalars_and_lone_parameters():
    """Values and 0-d Tensors are one number each; a single parameter stands for a list of one."""
    assert_array_equal(dictionary_to_vector([am.Value(1.0), am.Tensor(2.0)]), [1.0, 2.0])
    assert [x.shape for x in vector_to_dictionary([1.0, 2.0], [am.Value(0.0), am.Tensor(0.0)])] == [
        (),
        (),
    ]
    assert_array_equal(dictionary_to_vector(am.Tensor(W)), np.arange(1.0, 7.0))
    assert_array_equal(
        vector_to_dictionary(np.arange(6.0), am.Tensor(W))[0], [[0, 1, 2], [3, 4, 5]]
    )


def test_precision():
    """The vector is float64, so that a float32 parameter comes back bit for bit."""
    third = np.float32(1 / 3)
    vector = dictionary_to_vector({"w": am.Tensor([third], dtype=np.float32)})
    assert vector.dtype == np.float64
    assert np.float32(vector[0]) == third


def test_names_that_occur_twice():
    """Two nodes of one name in a list, or none, are two parameters."""
    a, b = am.Value(1.0, name="w"), am.Value(2.0, name="w")
    assert_array_equal(dictionary_to_vector([a, b]), [1.0, 2.0])
    assert vector_to_dictionary([3.0, 4.0], [a, b]) == [3.0, 4.0]


def test_keys_that_are_not_text():
    """A dict comes back with its own keys."""
    assert list(vector_to_dictionary(np.ones(2), {0: np.zeros(1), ("a", 1): np.zeros(1)})) == [
        0,
        ("a", 1),
    ]


@pytest.mark.parametrize("params", [[], {}, (), nn.Module()])
def test_empty(params: Any):
    """No parameters are the vector of no numbers, and back."""
    vector = dictionary_to_vector(params)
    assert_array_equal(vector, np.zeros(0), strict=True)
    assert_array_equal(gradients_to_vector(params), np.zeros(0), strict=True)
    assert len(vector_to_dictionary(vector, params)) == 0


@every_collection
@pytest.mark.parametrize("length", [0, 7, 9])
def test_wrong_length(params: Any, length: int):
    """A vector that is too short or too long raises."""
    with pytest.raises(ShapeError, match=f"the vector has {length} numbers, the parameters 8"):
        vector_to_dictionary(np.zeros(length), params)


def test_gradients_of_nodes():
    """Of nodes it is their `.grad`, in the order of the parameters; without one, zeros."""
    w, t, unused, other = am.values([[1.0, 2.0]]), am.Tensor(3.0), am.Tensor(B), am.Value(0.0)
    ((w * [10.0, 20.0]).sum() * t.item()).backward()
    (t * t).backward()
    vector = gradients_to_vector({"w": w, "t": t, "unused": unused, "other": other})
    assert_array_equal(vector, [30.0, 60.0, 6.0, 0.0, 0.0, 0.0], strict=True)


def test_gradients_by_hand():
    """Plain arrays, lists and numbers are gradients as they are."""
    vector = gradients_to_vector({"dW": np.array(W), "db": B, "dc": 9.0})
    assert_array_equal(vector, np.arange(1.0, 10.0), strict=True)


@pytest.mark.parametrize("kind", [am.Value, am.Tensor])
def test_gradients_of_a_module(kind: type[am.Node]):
    """A module's gradients stand in the order of its parameters."""
    model = nn.MLP(2, [3, 1], kind=kind, rng=0)
    nn.squared_error(model(np.ones((2, 2))), np.zeros((2, 1))).backward()
    expected = np.concatenate([np.ravel(am.grads(array)) for array in model.arrays().values()])
    assert_array_equal(gradients_to_vector(model), expected)
