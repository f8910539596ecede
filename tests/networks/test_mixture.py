"""Mixtures: densities against SciPy, draws against what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal, norm

from timegan_lib.networks.mixture import (
    STILL,
    Mixture,
    StaticMixture,
    draw,
    log_density,
)

K, D = 3, 4
RNG = np.random.default_rng(0)
WEIGHT = np.array([0.2, 0.5, 0.3])
MEAN, SPREAD = RNG.normal(0, 2, (K, D)), RNG.uniform(0.2, 1.5, (K, D))
TRIANGLE = RNG.normal(0, 0.7, (K, D, D))  # what stands on and above the diagonal must not count


def covariances() -> list[np.ndarray]:
    one = np.eye(D)
    factors = [np.linalg.inv(one - np.tril(TRIANGLE[k], -1)) @ np.diag(SPREAD[k]) for k in range(K)]
    return [factor @ factor.T for factor in factors]


def mixture(n: int) -> Mixture:
    parts = (np.log(WEIGHT), MEAN, SPREAD)
    return Mixture(*(tf.constant(np.repeat(p[None], n, 0), tf.float32) for p in parts))


def triangle() -> tf.Tensor:
    return tf.constant(TRIANGLE, tf.float32)


def test_the_density_is_that_of_scipy():
    x = RNG.normal(0, 2, (50, D))
    found = log_density(tf.constant(x, tf.float32), mixture(50), triangle())
    each = [multivariate_normal(MEAN[k], c).pdf(x) for k, c in enumerate(covariances())]
    np.testing.assert_allclose(found, np.log(WEIGHT @ np.array(each)), rtol=1e-4, atol=1e-4)


def test_draws_have_the_moments_of_the_mixture():
    n = 60_000
    z = tf.random.stateless_normal((n, D + 1), [1, 2])
    made = draw(z, mixture(n), triangle()).numpy()
    mean = WEIGHT @ MEAN
    apart = MEAN - mean
    expected = sum(
        w * (c + np.outer(a, a)) for w, c, a in zip(WEIGHT, covariances(), apart, strict=True)
    )
    np.testing.assert_allclose(made.mean(0), mean, atol=0.05)
    np.testing.assert_allclose(np.cov(made.T), expected, atol=0.15)


def test_the_last_number_of_the_noise_alone_chooses_the_component():
    levels = np.array([-3.0, 0.0, 3.0])  # below 0.2, between, above 0.7
    z = np.zeros((3, D + 1), np.float32)
    z[:, -1] = levels
    made = draw(tf.constant(z), mixture(3), triangle())
    np.testing.assert_allclose(made, MEAN, rtol=1e-5)


def test_a_gradient_reaches_means_spreads_and_triangle():
    z = tf.random.stateless_normal((8, D + 1), [1, 2])
    parts, lower = mixture(8), triangle()
    with tf.GradientTape() as tape:
        tape.watch([parts.mean, parts.spread, lower])
        made = draw(z, parts, lower)
        loss = tf.reduce_sum(made * tf.constant(RNG.normal(size=(8, D)), tf.float32))
    for gradient in tape.gradient(loss, [parts.mean, parts.spread, lower]):
        assert np.abs(gradient).max() > 0


AT = RNG.normal(0, 2, D)
STAY = RNG.uniform(-2, 2, (K, D))  # log odds


def with_stays(n: int) -> Mixture:
    parts = (np.repeat(p[None], n, 0) for p in (STAY, AT))
    stay, at = (tf.constant(part, tf.float32) for part in parts)
    return mixture(n)._replace(stay=stay, at=at)


def test_the_density_where_features_may_stay():
    """Against a sum over which features stay: the others are Gaussian, given those before them."""
    x = RNG.normal(0, 2, (40, D))
    x[:10, 1], x[5:20, 3] = AT[1], AT[3]
    found = log_density(tf.constant(x, tf.float32), with_stays(40), triangle())
    total = np.zeros(40)
    for k in range(K):
        product = np.full(40, WEIGHT[k])
        for j in range(D):
            mean = MEAN[k, j] + (x[:, :j] - MEAN[k, :j]) @ TRIANGLE[k, j, :j]
            stays = 1 / (1 + np.exp(-STAY[k, j]))
            moved = norm(mean, SPREAD[k, j]).pdf(x[:, j])
            product *= (1 - stays) * moved + stays * norm(AT[j], STILL).pdf(x[:, j])
        total += product
    np.testing.assert_allclose(found, np.log(total), rtol=1e-3, atol=1e-3)


def test_what_stays_does_so_exactly_as_often_as_it_should_and_the_rest_follows():
    n = 60_000
    z = tf.random.stateless_normal((n, 2 * D + 1), [1, 2])
    made = draw(z, with_stays(n), triangle()).numpy()
    stayed = made == AT.astype(np.float32)
    np.testing.assert_allclose(stayed.mean(0), WEIGHT @ (1 / (1 + np.exp(-STAY))), atol=0.01)
    # feature 1 of the second component, where 0 stayed and 1 did not: its mean follows 0
    z = z.numpy()
    z[:, -1], z[:, D], z[:, D + 1] = 0.0, -9.0, 9.0
    made = draw(tf.constant(z), with_stays(n), triangle()).numpy()
    mean = MEAN[1, 1] + TRIANGLE[1, 1, 0] * (AT[0] - MEAN[1, 0])
    assert made[:, 1].mean() == pytest.approx(mean, abs=0.03)
    assert made[:, 1].std() == pytest.approx(SPREAD[1, 1], rel=0.03)
    # feature 2 where 1 stayed and 0 did not: what 0 does reaches it directly, and not by way of 1
    z[:, D], z[:, D + 1], z[:, D + 2] = 9.0, -9.0, 9.0
    made = draw(tf.constant(z), with_stays(n), triangle()).numpy()
    rest = made[:, 2] - MEAN[1, 2] - TRIANGLE[1, 2, 0] * (made[:, 0] - MEAN[1, 0])
    assert rest.mean() == pytest.approx(TRIANGLE[1, 2, 1] * (AT[1] - MEAN[1, 1]), abs=0.03)
    assert rest.std() == pytest.approx(SPREAD[1, 2], rel=0.03)


def learned_statics() -> tuple[StaticMixture, np.ndarray]:
    """A mixture fitted to a number and a category that depend on one another."""
    rng = np.random.default_rng(1)
    level = rng.integers(0, 3, 2_000)
    number = np.array([0.2, 0.5, 0.9])[level] + 0.05 * rng.standard_normal(2_000)
    static = np.column_stack([number.clip(0, 1), np.eye(3)[level]]).astype(np.float32)
    model, data = StaticMixture((1, 3), seed=0), tf.constant(static)

    @tf.function
    def step(rate):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(model.log_density(data))
        for weight, gradient in zip(model.weights, tape.gradient(loss, model.weights), strict=True):
            weight.assign_sub(rate * tf.clip_by_norm(gradient, 1.0))

    for n in range(400):
        step(tf.constant(0.1 if n < 300 else 0.02))
    return model, static


def test_statics_are_drawn_as_they_were_with_what_belongs_together():
    model, static = learned_statics()
    made = model(tf.random.stateless_normal((4_000, model.size), [3, 4])).numpy()
    assert set(np.unique(made[:, 1:])) == {0.0, 1.0} and (made[:, 1:].sum(1) == 1).all()
    assert (made[:, 0] >= 0).all() and (made[:, 0] <= 1).all()
    np.testing.assert_allclose(made[:, 1:].mean(0), static[:, 1:].mean(0), atol=0.06)
    for level in range(3):
        theirs, ours = (side[side[:, 1 + level] == 1, 0] for side in (static, made))
        assert np.median(ours) == pytest.approx(np.median(theirs), abs=0.06)
