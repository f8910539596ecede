"""The optimizer. Taught in book/losses/supervised.ipynb."""

from __future__ import annotations

import tensorflow as tf

from timegan_lib.config import TimeGANConfig


class Adam:
    """TensorFlow 1's Adam, by its own kernel:

    m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    largest: a gradient of a larger norm, over all weights, is shortened to it; None: never.
    Taught in book/losses/supervised.ipynb.
    """

    def __init__(
        self,
        name: str,
        weights: list[tf.Variable],
        config: TimeGANConfig,
        largest: float | None = None,
    ):
        self.weights, self.config, self.largest = weights, config, largest
        slots = [
            tf.Variable(tf.zeros_like(w), name=f"{name}_adam/{slot}/{w.name[:-2]}")
            for w in weights
            for slot in "mv"
        ]
        self.m, self.v = slots[::2], slots[1::2]
        self.powers = tf.Variable([config.beta_1, config.beta_2], name=f"{name}_adam/powers")
        self.state = [*slots, self.powers]

    def minimize(self, tape: tf.GradientTape, objective: tf.Tensor, only_if=None) -> None:
        """One step down the gradient of the objective; with `only_if` false nothing at all changes."""
        if not self.weights:
            return
        gradients = tape.gradient(objective, self.weights)
        if self.largest is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.largest)
        if only_if is None:
            self._apply(gradients)
        else:
            tf.cond(only_if, lambda: self._apply(gradients), lambda: tf.constant(0))

    def _apply(self, gradients: list[tf.Tensor]) -> tf.Tensor:
        config, (power_1, power_2) = self.config, tf.unstack(self.powers)
        for weight, m, v, gradient in zip(self.weights, self.m, self.v, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=m.handle, v=v.handle, grad=gradient,
                beta1_power=power_1, beta2_power=power_2, lr=config.learning_rate,
                beta1=config.beta_1, beta2=config.beta_2, epsilon=config.epsilon,
            )  # fmt: skip
        self.powers.assign(self.powers * [config.beta_1, config.beta_2])
        return tf.constant(0)
