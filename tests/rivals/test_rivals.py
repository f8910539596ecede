"""Other generators of the same windows: what each must get right, and what all of them promise."""

import numpy as np
import pytest
from pytest import approx
from scipy.stats import norm

from timegan_lib import InputError, SequenceDataset, TrainingError, ar_gaussian, load_dataset
from timegan_lib.rivals import (
    RIVALS,
    Autoregression,
    Bootstrap,
    RecurrentGAN,
    VariationalAutoencoder,
)
from timegan_lib.rivals.base import BATCH, Standard, decode, encode, train
from timegan_lib.rivals.variational import kl_divergence

SMALL = {
    "autoregression": {},
    "bootstrap": {},
    "variational": {"filters": (4, 6), "latent": 3, "steps": 150, "batch_size": 16},
    "recurrent_gan": {"hidden": 5, "layers": 1, "steps": 3, "batch_size": 16},
}


@pytest.fixture(scope="module")
def windows():
    return ar_gaussian(n=200, length=10, features=3)


@pytest.fixture(scope="module")
def fitted(windows):
    return {name: RIVALS[name](**SMALL[name]).fit(windows) for name in RIVALS}


@pytest.fixture(scope="module")
def storms():
    return load_dataset("storms").subset(slice(0, 120)).refitted()


def walks(n=400, length=16, seed=0, drift=0.0):
    """Random walks from far apart starts, (n, length, 2)."""
    rng = np.random.default_rng(seed)
    start = rng.normal(50, 10, (n, 1, 2))
    return start + np.cumsum(rng.normal(drift, 1, (n, length, 2)), axis=1)


# ---- all of them


@pytest.mark.parametrize("name", RIVALS)
def test_samples_are_like_the_data_and_the_same_for_a_seed(name, fitted, windows):
    model = fitted[name]
    made = model.sample(7, seed=4)
    assert isinstance(made, SequenceDataset) and made.values.shape == (7, 10, 3)
    assert made.names == windows.names and made.group is None and np.isfinite(made.values).all()
    assert model.sample(7, seed=4).values == approx(made.values, abs=0)
    assert model.sample(3, seed=4).values == approx(made.values[:3], abs=1e-9)
    assert not np.allclose(model.sample(7, seed=5).values, made.values)
    again = RIVALS[name](**SMALL[name]).fit(windows)
    assert again.sample(7, seed=4).values == approx(made.values, abs=0)
    other = RIVALS[name](**SMALL[name], seed=1).fit(windows)
    assert not np.allclose(other.sample(7, seed=4).values, made.values)


@pytest.mark.parametrize("name", RIVALS)
def test_what_cannot_be_used_is_said(name, windows):
    model = RIVALS[name](**SMALL[name])
    with pytest.raises(InputError, match="call fit first"):
        model.sample(3)
    for data, message in (
        (windows.values, "data is of type ndarray"),
        (windows.subset([0]), "data holds 1 sequences"),
    ):
        with pytest.raises(InputError, match=message):
            model.fit(data)
    with pytest.raises(InputError, match="represent='changes' must be"):
        model.fit(windows, represent="changes")
    with pytest.raises(InputError, match="call fit first"):  # a fit that failed leaves nothing
        model.sample(3)
    with pytest.raises(InputError, match="seed=-1"):
        RIVALS[name](seed=-1)


@pytest.mark.parametrize("name", RIVALS)
def test_wrong_sizes_of_a_sample_are_said(name, fitted):
    for given, message in (({"n": 0}, "n=0"), ({"n": 2, "seed": 0.5}, r"seed=0\.5")):
        with pytest.raises(InputError, match=message):
            fitted[name].sample(**given)


@pytest.mark.parametrize("name", RIVALS)
def test_wrong_settings_are_said(name):
    wrong = {
        "autoregression": [{"order": 0}, {"first": "best"}, {"ridge": 0}, {"shrinkage": 2}],
        "bootstrap": [{"block": 0.5}, {"block": "long"}, {"block": float("nan")}],
        "variational": [{"filters": ()}, {"filters": (0,)}, {"latent": 0}, {"learning_rate": -1}],
        "recurrent_gan": [{"hidden": 0}, {"noise": 0}, {"steps": 0}, {"learning_rate": True}],
    }[name]
    for settings in wrong:
        with pytest.raises(InputError, match=next(iter(settings))):
            RIVALS[name](**settings)


def test_standardized_values_come_back_and_a_constant_is_exact():
    values = walks(30, 6)
    values[..., 1] = 0.1  # whose mean over many steps is not 0.1
    data = SequenceDataset.from_arrays(values, lengths=[4] * 10 + [6] * 20)
    encoded, way = encode(data)
    assert encoded.dtype == np.float32 and encoded.shape == values.shape
    valid = encoded[data.mask]
    assert valid.mean(0) == approx([0, 0], abs=1e-5) and valid.std(0) == approx([1, 0], abs=1e-5)
    assert (encoded[:10, 4:] == 0).all()
    back = decode(data.template(), way, (encoded, data.lengths, None))
    assert back.values == approx(data.values, rel=1e-5)
    assert (back.values[..., 1][data.mask] == 0.1).all() and (back.values[:10, 4:] == 0).all()


# ---- the autoregression


@pytest.mark.parametrize("phi", [0.2, 0.8])
def test_an_autoregression_finds_phi_and_the_covariance_of_the_noise(phi):
    data = ar_gaussian(n=4000, length=24, features=3, phi=phi, sigma=0.5)
    model = Autoregression().fit(data)
    sd = model.way.sd
    lags = model.lags * sd[None, None, :] / sd[None, :, None]  # in own units
    assert lags[0] == approx(phi * np.eye(3), abs=0.02)
    assert lags[1:] == approx(np.zeros((2, 3, 3)), abs=0.02)
    noise = np.cov(model.residuals * sd, rowvar=False)
    assert noise == approx(0.5 + 0.5 * np.eye(3), abs=0.02)

    made = model.sample(4000).values
    now, before = made[:, 1:].reshape(-1, 3), made[:, :-1].reshape(-1, 3)
    found = np.linalg.lstsq(before, now, rcond=None)[0]
    assert found == approx(phi * np.eye(3), abs=0.02)  # from the first steps on
    assert np.cov(now - before @ found, rowvar=False) == approx(noise, abs=0.02)
    expected = np.cov(data.values[:, 0], rowvar=False)
    assert np.cov(made[:, 0], rowvar=False) == approx(expected, rel=0.1)


def test_coefficients_are_those_of_least_squares():
    """Each lag has its place: a process of order two, and NumPy's own least squares."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (500, 20, 2))
    for t in range(2, 20):
        values[:, t] += 0.5 * values[:, t - 1] - 0.4 * values[:, t - 2, ::-1]
    data = SequenceDataset.from_arrays(values)
    model = Autoregression(order=2, ridge=1e-12).fit(data)
    z = model.way.forward(data.values, data.lengths).astype(float)
    rows = [np.column_stack([np.ones(500), z[:, t - 1], z[:, t - 2]]) for t in range(2, 20)]
    following = np.concatenate([z[:, t] for t in range(2, 20)])
    found = np.linalg.lstsq(np.concatenate(rows), following, rcond=None)[0]
    assert np.concatenate([model.fixed, *model.lags]) == approx(found, abs=1e-6)


def test_first_steps_are_real_ones_or_drawn():
    data = SequenceDataset.from_arrays(walks())
    real = Autoregression(order=2, first="real").fit(data).sample(50).values[:, :2]
    known = data.values[:, :2].reshape(400, -1)
    gaps = np.abs(real.reshape(50, 1, -1) - known).max(2).min(1)
    assert gaps.max() < 1e-4
    drawn = Autoregression(order=2).fit(data).sample(4000).values[:, :2]
    gaps = np.abs(drawn[:50].reshape(50, 1, -1) - known).max(2).min(1)
    assert np.median(gaps) > 0.05
    assert np.std(np.diff(drawn, axis=1)) == approx(
        1, rel=0.1
    )  # smooth, though levels are far apart
    assert drawn.std(0) == approx(data.values[:, :2].std(0), rel=0.1)


def test_an_explosion_is_brought_back_to_a_random_walk():
    rng = np.random.default_rng(0)
    values = np.empty((300, 24, 1))
    values[:, 0] = rng.normal(0, 1, (300, 1))
    for t in range(1, 24):
        values[:, t] = 1.2 * values[:, t - 1] + rng.normal(1, 0.01, (300, 1))
    with pytest.warns(UserWarning, match="would grow .*-fold over 24 steps"):
        model = Autoregression(order=1).fit(SequenceDataset.from_arrays(values))
    assert model.radius == approx(1.2, abs=1e-3) and model.lags == approx(1.0, abs=1e-9)
    assert model.residuals.mean(0) == approx([0], abs=1e-9)
    z = model.way.forward(values, np.full(300, 24))[..., 0]
    assert model.fixed == approx(np.diff(z, axis=1).mean(), abs=1e-6)  # what the lags no longer say
    made = model.sample(500).values
    assert np.abs(made).max() < 1.5 * np.abs(values).max()


def test_statics_and_lengths_come_from_real_sequences_and_matter(storms):
    with pytest.warns(UserWarning, match="brought back to a random walk"):
        linear = Autoregression().fit(storms)
    for model in (linear, Bootstrap().fit(storms)):
        made = model.sample(300)
        assert made.group is made.start is made.times is None and len(made.subset([7, 9])) == 2
        known = {(int(n), *row) for n, row in zip(storms.lengths, storms.static, strict=True)}
        assert {(int(n), *row) for n, row in zip(made.lengths, made.static, strict=True)} <= known
        assert (made.values[~made.mask] == 0).all() and len(set(made.lengths)) > 5
    rng = np.random.default_rng(0)
    static = rng.normal(0, 1, (800, 1))
    values = rng.normal(0, 1, (800, 8, 1)) + 3 * static[:, None]
    data = SequenceDataset.from_arrays(values, static=static)
    made = Autoregression().fit(data).sample(2000)
    for t in (0, 1, 2, 3, 7):  # first steps, and those that follow
        assert np.polyfit(made.static[:, 0], made.values[:, t, 0], 1)[0] == approx(3, abs=0.15)
        rest = made.values[:, t, 0] - 3 * made.static[:, 0]
        assert rest.std() == approx(1, abs=0.15)


def test_an_order_that_no_sequence_reaches_is_said():
    data = ar_gaussian(n=20, length=3, features=1)
    with pytest.raises(InputError, match="order=3 needs sequences of at least 4 steps"):
        Autoregression().fit(data)
    assert Autoregression(order=2).fit(data).sample(5).values.shape == (5, 3, 1)
    with pytest.raises(InputError, match="order=1 needs"):
        Autoregression(order=1).fit(ar_gaussian(n=20, length=1, features=1))


def test_short_sequences_only_do_without_what_they_lack():
    """Those shorter than the order are cut from longer ones, and teach nothing."""
    rng = np.random.default_rng(0)
    lengths = np.r_[[2] * 500, [12] * 1500]
    data = SequenceDataset.from_arrays(5 + rng.normal(0, 1, (2000, 12, 2)), lengths=lengths)
    made = Autoregression().fit(data).sample(4000)
    assert (made.lengths == 2).mean() == approx(0.25, abs=0.05)
    assert made.values[made.mask].mean() == approx(5, abs=0.1)
    long = made.values[made.lengths > 2]
    assert long[:, :3].std((0, 2)) == approx([1, 1, 1], abs=0.06)


# ---- the bootstrap


def test_a_bootstrap_keeps_marginals_and_every_value():
    data = SequenceDataset.from_arrays(walks())
    made = Bootstrap().fit(data).sample(4000).values
    for t in (0, 7, 15):
        known = data.values[:, t]
        assert (made[:, t, None] == known).all(2).any(1).all()  # whole steps, bit for bit
        assert made[:, t].mean(0) == approx(known.mean(0), abs=0.6)
        assert made[:, t].std(0) == approx(known.std(0), rel=0.05)


@pytest.mark.parametrize(("block", "expected"), [(None, 8), (4, 4), (1, 1)])
def test_blocks_are_of_geometric_length(block, expected):
    steps = np.arange(24) + 100.0 * np.arange(300)[:, None]  # a value says whose it is
    data = SequenceDataset.from_arrays(steps[..., None])
    made = Bootstrap(block=block).fit(data).sample(3000).values[..., 0]
    assert (made % 100 == np.arange(24)).all()  # each at its own place in time
    joints = (np.diff(made // 100, axis=1) != 0).mean()
    assert joints == approx((1 - 1 / 300) / expected, rel=0.03)
    inside = np.diff(made // 100, axis=1) == 0
    assert inside.any(1).mean() == approx(1 - (1 / expected) ** 23, abs=0.02) or expected == 1


def test_donors_are_valid_as_far_as_their_block(storms):
    made = Bootstrap().fit(storms).sample(500)
    assert (made.values[made.mask][:, 3] > 800).all()  # a padded pressure would be 0


# ---- those with networks


@pytest.mark.parametrize("kind", [VariationalAutoencoder, RecurrentGAN])
def test_statics_and_lengths_are_refused(kind, storms):
    with pytest.raises(InputError, match="without static features, and data have static features"):
        kind(steps=1).fit(storms)
    ragged = SequenceDataset.from_arrays(walks(20), lengths=[5] * 10 + [16] * 10)
    with pytest.raises(InputError, match="sequences of different length"):
        kind(steps=1).fit(ragged)


def test_an_autoencoder_learns(windows, fitted):
    history = fitted["variational"].history
    assert history["step"].tolist() == [100, 150]
    long = VariationalAutoencoder(filters=(8, 16), latent=6, steps=600, batch_size=32).fit(windows)
    assert long.history["loss"].is_monotonic_decreasing
    assert long.history["error"].iloc[-1] < 0.7 * long.history["error"].iloc[0]
    assert (long.history["kl"] > 0).all()
    assert long.sample(2).values.shape == (2, 10, 3)


def test_every_weight_of_an_autoencoder_learns():
    data = ar_gaussian(n=64, length=7, features=2)  # 7 steps: halved to 4, to 2, and opened again
    one, two = (
        VariationalAutoencoder(filters=(3, 4), latent=2, steps=steps, batch_size=8).fit(data)
        for steps in (1, 2)
    )
    mean, log_variance = one.encoder(np.zeros((1, 7, 2), np.float32))
    assert mean.shape == log_variance.shape == (1, 2)
    assert one.decoder(np.zeros((5, 2), np.float32)).shape == (5, 7, 2)
    every = [
        [w for part in (*m.down, *m.up, m.code, m.open, m.output) for w in part] for m in (one, two)
    ]
    pairs = zip(*every, strict=True)
    assert not any(np.array_equal(before, after) for before, after in pairs)


def test_the_kl_divergence_is_the_integral():
    mean, sd = np.array([[1.0, -0.5]]), np.array([[0.5, 2.0]])
    found = kl_divergence(mean, 2 * np.log(sd)).numpy()
    x = np.linspace(-20, 20, 200_001)[:, None]
    p, q = norm.pdf(x, mean, sd), norm.logpdf(x)
    assert found == approx([((norm.logpdf(x, mean, sd) - q) * p).sum() * (x[1, 0] - x[0, 0])])


def test_a_gan_learns_what_goes_together():
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 1, (500, 6, 1))
    values = 50 + 10 * np.concatenate([shared, -shared], 2) + rng.normal(0, 1, (500, 6, 2))
    data = SequenceDataset.from_arrays(values)
    settings = {"hidden": 16, "layers": 1, "batch_size": 64, "average_decay": 0.99}
    model = RecurrentGAN(**settings, steps=400).fit(data)
    losses = model.history[["discriminator", "generator"]].to_numpy()
    assert np.isfinite(losses).all() and losses[:, 0].min() < 2 * np.log(2)  # better than guessing
    made = model.sample(500).values.reshape(-1, 2)
    assert np.corrcoef(made.T)[0, 1] < -0.8
    assert made.mean(0) == approx([50, 50], abs=5) and made.std(0) == approx([10, 10], rel=0.5)


def test_a_gan_samples_with_the_average_of_its_weights():
    data = SequenceDataset.from_arrays(walks(40, 5))
    settings = {"hidden": 4, "layers": 1, "batch_size": 8, "learning_rate": 0.01}

    def weights(steps, decay):
        model = RecurrentGAN(**settings, steps=steps, average_decay=decay).fit(data)
        return [weight.numpy() for weight in model.generator_network.weights]

    last = [weights(steps, 0.0) for steps in (1, 2, 3)]
    for averaged, *three in zip(weights(3, 0.999), *last, strict=True):
        assert averaged == approx(np.mean(three, 0), abs=1e-6)  # over the first steps a plain mean


def test_many_windows_are_made_in_batches_and_none_twice(fitted):
    made = fitted["recurrent_gan"].sample(BATCH + 20).values
    assert made.shape == (BATCH + 20, 10, 3)
    assert len(np.unique(made[:, 0, 0])) == BATCH + 20
    assert fitted["recurrent_gan"].sample(5).values == approx(made[:5], abs=0)


def test_a_loss_that_is_not_finite_ends_training():
    import tensorflow as tf

    def update(x, step):
        return tf.stack([tf.where(step < 150, 1.0, float("nan"))])

    values = np.zeros((10, 2, 1), np.float32)
    assert train(update, ("loss",), values, 120, 4, 0)["loss"].tolist() == [1.0, 1.0]
    with pytest.raises(TrainingError, match=r"not finite near step 200 .loss nan.*learning_rate"):
        train(update, ("loss",), values, 400, 4, 0)


def test_a_standard_is_fitted_on_valid_steps():
    values = np.full((4, 3, 1), 100.0)
    values[:, 0, 0], values[:, 1, 0] = [1, 2, 3, 4], [5, 6, 7, 8]
    way = Standard.fit(SequenceDataset.from_arrays(values, lengths=[2] * 4))
    assert way.mean == approx([4.5]) and way.sd == approx([np.std(np.arange(1, 9))])
