"""Which model is best, against SciPy and plain loops."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from test_horizon import ar, by_scikit_learn
from test_scores import windows

from timegan_lib import InputError
from timegan_lib.evaluation import rank_agreement
from timegan_lib.evaluation.scores.ranking import MODELS


def test_models_agree_in_rank_where_the_source_is_the_same():
    real, rest = ar(0, n=1000), ar(1, n=1000)
    assert rank_agreement(real, rest, ar(2, n=1000)) >= 0.8
    noise = np.random.default_rng(0).normal(size=(1000, 9, 2))
    assert rank_agreement(real, rest, noise) < 0.8


def test_rank_agreement_is_kendalls_tau_of_five_errors():
    real, rest, made = ar(0), ar(1), ar(2, phi=-0.5)
    a, b, c = (real.scaler.scale(data.values) for data in (real, rest, made))

    def errors(learned, test):
        past, future, new, truth = learned[:, :6], learned[:, 6:], test[:, :6], test[:, 6:]
        near = [np.argmin([np.linalg.norm(p - q) for q in past]) for p in new]
        guesses = [new[:, -1:], future.mean(axis=0), future[near]]
        by_hand = [np.abs(guess - truth).mean() for guess in guesses]
        return [*by_hand, *(by_scikit_learn(learned, test, alpha).mean() for alpha in (1e-3, 1.0))]

    expected = kendalltau(errors(a, b), errors(c[::2], c[1::2])).statistic
    assert rank_agreement(real, rest, made) == pytest.approx(expected)
    assert -1 < expected < 1 and len(MODELS) == 5


def test_what_cannot_be_halved_is_said():
    with pytest.raises(InputError, match="no two halves"):
        rank_agreement(windows(30), windows(30, seed=1), windows(30, seed=2))
