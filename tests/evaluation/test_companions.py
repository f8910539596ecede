"""The companion that stands still, of all features or of some."""

import numpy as np
import pytest
from test_scores import sequences, storms, varied, windows

from timegan_lib import InputError
from timegan_lib.evaluation.companions import frozen
from timegan_lib.evaluation.inputs import pair


@pytest.mark.parametrize("make", [varied, storms, lambda: windows(30)])
def test_frozen_has_the_form_of_the_real_data(make):
    real = make()
    for n in (None, 7, len(real) + 5):
        made = frozen(real, n, seed=3)
        assert len(made) == (n or len(real))
        assert made.names == real.names and made.static_names == real.static_names
        assert made.group is None and made.start is None
        assert not made.values[~made.mask].any()
        pair(real, made)
    np.testing.assert_array_equal(frozen(real, seed=3).values, frozen(real, seed=3).values)
    assert np.any(frozen(real, seed=4).values != frozen(real, seed=3).values)


def test_each_sequence_keeps_its_first_step():
    real = varied()
    expected = sorted((tuple(x[0]), len(x)) for x in sequences(real))
    made = sequences(frozen(real))
    assert sorted((tuple(x[0]), len(x)) for x in made) == expected
    assert all((x == x[0]).all() for x in made)


@pytest.mark.parametrize("features", ["x2", ["x2"], ("x3", "x1")])
def test_only_the_features_named_stand_still(features):
    real = varied()
    still = [
        real.names.index(name) for name in ([features] if isinstance(features, str) else features)
    ]
    expected = [x.copy() for x in sequences(real)]
    for x in expected:
        x[:, still] = x[0, still]
    made = sequences(frozen(real, features=features))
    assert sorted(tuple(x.ravel()) for x in made) == sorted(tuple(x.ravel()) for x in expected)


def test_a_name_that_is_none_is_said():
    with pytest.raises(InputError, match="name='x9' is no feature"):
        frozen(varied(), features=["x1", "x9"])
