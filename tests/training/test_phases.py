"""The three phases of training do what ALGORITHM says, and nothing else.

Each moves its own variables only; the fast compiled steps equal a slow transcription in plain
operations; batches are drawn without replacement; the discriminator waits where it should; and how
many steps run in one call changes nothing, to the last bit.
"""

import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    BATCH,
    changed,
    losses_and_gradients,
    owned_by,
    snapshot,
    tiny_config,
    tiny_training,
    tiny_values,
)
from slow import assert_equal_steps


@pytest.fixture(scope="module")
def shared():
    """One compiled training and its state before the first step."""
    training = tiny_training()
    return training, snapshot(training)


@pytest.fixture
def training(shared):
    training, before = shared
    training.restore(before)
    return training


MOVES = {
    "autoencoder": ("embedder", "recovery", "autoencoder_adam", "steps/autoencoder"),
    "supervisor": ("supervisor", "supervisor_adam", "steps/supervisor"),
    "joint": (
        "embedder", "recovery", "generator", "supervisor", "discriminator",
        "generator_adam", "embedder_adam", "discriminator_adam", "average", "steps/joint",
    ),
}  # fmt: skip


@pytest.mark.parametrize("phase", MOVES)
def test_each_phase_moves_its_own_variables_only(training, phase):
    for earlier in list(MOVES)[: list(MOVES).index(phase)]:
        training.run(earlier, 2)
    before = snapshot(training)
    training.run(phase, 2)
    steps = f"steps/{phase}"
    owners = [owner for owner in MOVES[phase] if owner != steps]
    assert changed(before, training) == owned_by(training, *owners) | {steps}
    assert int(training.state[steps]) == 2


def test_each_optimizer_has_its_own_networks():
    """And every weight of them gets a gradient."""
    found = {}
    for (adam, name), gradient in losses_and_gradients(tiny_training())[1].items():
        assert np.any(gradient != 0), f"{adam} {name}"
        found.setdefault(adam, set()).add(name.split("/")[0])
    assert found == {
        "autoencoder_adam": {"embedder", "recovery"},
        "supervisor_adam": {"supervisor"},
        "generator_adam": {"generator", "supervisor"},
        "embedder_adam": {"embedder", "recovery"},
        "discriminator_adam": {"discriminator"},
    }


def test_state_holds_every_variable(training):
    """Five networks, five optimizers with two slots a weight and two powers, averages and steps."""
    weights = len(training.networks.all_weights)
    sampled = len(training.networks.weights("generator", "supervisor", "recovery"))
    trained = sum(len(training.networks.weights(*n)) for n in (
        ("embedder", "recovery"), ("supervisor",), ("generator", "supervisor"),
        ("embedder", "recovery"), ("discriminator",),
    ))  # fmt: skip
    assert len(training.state) == weights + sampled + 2 * trained + 5 + 3
    assert len({id(v) for v in training.state.values()}) == len(training.state)


# ---- the fast steps against the slow ones ----


def test_first_two_phases_equal_slow_ones(training):
    assert_equal_steps(training, {"autoencoder": 3, "supervisor": 3})


def test_joint_steps_equal_slow_ones():
    """Five steps, with a threshold in the middle of L_D: the discriminator trains in some of them."""
    values = tiny_values(length=4)
    training = tiny_training(values=values)
    threshold = np.median([training.joint_update(training.draws.joint(i))[-2] for i in range(5)])
    training = tiny_training(tiny_config(discriminator_threshold=float(threshold)), values)
    losses = assert_equal_steps(training, {"joint": 5})
    assert 0 < sum(row["discriminator_updates"] for row in losses) < 5


# ---- the discriminator's threshold ----


def discriminator_state(training):
    return owned_by(training, "discriminator", "discriminator_adam")


def test_discriminator_stands_still_below_the_threshold_and_trains_above():
    training = tiny_training()
    training.joint_update(training.draws.joint(0))  # so that Adam has something to lose
    powers = training.state["discriminator_adam/powers"]
    assert powers.numpy() == pytest.approx([0.9**2, 0.999**2])
    before = snapshot(training)
    training.config = training.config.replace(discriminator_threshold=100)
    *_, loss, updates = training.joint_update(training.draws.joint(1))
    assert loss > 0.15 and updates == 0.0
    assert not changed(before, training) & discriminator_state(training)
    assert owned_by(training, "generator", "embedder") <= changed(before, training)
    training.config = training.config.replace(discriminator_threshold=0.15)
    *_, updates = training.joint_update(training.draws.joint(2))
    assert updates == 1.0 and discriminator_state(training) <= changed(before, training)
    assert powers.numpy() == pytest.approx([0.9**3, 0.999**3])


# ---- many steps in one call ----


def test_the_number_of_steps_in_a_call_changes_nothing(shared, training):
    calls = {"autoencoder": [2, 1], "supervisor": [1, 2], "joint": [1, 3, 2]}
    several = {phase: [training.run(phase, n) for n in counts] for phase, counts in calls.items()}
    end = snapshot(training)
    training.restore(shared[1])
    for phase, counts in calls.items():
        losses = training.run(phase, sum(counts))
        mean = np.average([list(row.values()) for row in several[phase]], axis=0, weights=counts)
        assert list(losses.values()) == pytest.approx(list(mean), rel=1e-5)
    assert changed(end, training) == set()


def test_seeds_and_restored_states_repeat(shared, training):
    training.run("joint", 2)
    end = snapshot(training)
    training.restore(shared[1])
    training.run("joint", 2)
    assert changed(end, training) == set()
    other = tiny_training(seed=1)
    first, second = (t.draws.joint(0)[0] for t in (training, other))
    assert np.any(first[0].x != second[0].x) and np.any(first[1].z != second[1].z)
    kernels = [n for n in other.state if n.endswith("kernel") and "adam" not in n]
    assert all(np.any(other.state[n].numpy() != shared[1][n]) for n in kernels)


def test_moving_average(training):
    """A plain mean of the weights after each joint step, until 1 - decay is the larger share."""
    training.run("autoencoder", 1)
    after = []
    for _ in range(4):
        training.run("joint", 1)
        after.append(snapshot(training))
    training.steps[2].assign(100_000)
    training.run("joint", 1)
    for name in (name for name in training.state if name.startswith("average/")):
        weight = name.removeprefix("average/")
        mean = np.mean([state[weight] for state in after], 0)
        np.testing.assert_allclose(after[-1][name], mean, atol=1e-6)
        slow = 0.999 * after[-1][name] + 0.001 * training.state[weight].numpy()
        np.testing.assert_allclose(training.state[name], slow, atol=1e-7)


# ---- draws ----


@pytest.fixture(scope="module")
def numbered():
    """Sequence number i holds the value i, so that a batch shows which rows it has."""
    values = np.broadcast_to(np.arange(40.0)[:, None, None], (40, 6, 1))
    return tiny_training(values=values)


def rows(batch):
    assert np.all(batch.x == batch.x[:, :1])  # whole sequences
    return batch.x[:, 0, 0].numpy().astype(int)


def test_batches_are_drawn_without_replacement(numbered):
    counts, seen = np.zeros(40), set()
    drawn = [numbered.draws.batch(phase, step, 0) for phase in (0, 1) for step in range(60)]
    drawn += [batch for step in range(60) for batch, _ in numbered.draws.joint(step)]
    for batch in drawn:
        found = rows(batch)
        assert len(set(found)) == BATCH and found.min() >= 0 and found.max() < 40
        counts[found] += 1
        seen.add(frozenset(found.tolist()))
    assert len(seen) == len(drawn) == 300  # no two alike
    expected = 300 * BATCH / 40
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected * (1 - BATCH / 40)))


def test_a_batch_may_be_all_there_is():
    everything = tiny_training(values=tiny_values(count=BATCH))
    batch = everything.draws.batch(0, 3, 0)
    assert {x.tobytes() for x in batch.x.numpy()} == {x.tobytes() for x in tiny_values(count=BATCH)}


def test_noise_is_fresh_in_every_draw(numbered):
    drawn = [noise.z.numpy() for step in range(20) for _, noise in numbered.draws.joint(step)]
    assert all(z.shape == (BATCH, 6, 1) and z.min() >= 0 and z.max() < 1 for z in drawn)
    together = np.stack(drawn)
    assert np.unique(together).size > 0.999 * together.size  # nothing is repeated anywhere
    assert together.mean() == pytest.approx(0.5, abs=0.02)


def test_a_draw_depends_on_its_step_alone(numbered):
    for step in (tf.constant(7, tf.int64), 7):
        drawn = numbered.draws.joint(step)
        again = numbered.draws.joint(7)
        for (batch, noise), (batch_again, noise_again) in zip(drawn, again, strict=True):
            np.testing.assert_array_equal(rows(batch), rows(batch_again))
            np.testing.assert_array_equal(noise.z, noise_again.z)
