"""The networks of TimeGAN, in the order in which the book meets them.

Each of the five is a stack of recurrent layers and one dense layer applied to every step. A network is
called with a batch (B, T, inputs) and returns (B, T, outputs). Where sequences have static features,
their latent h_S (B, size) is the second argument and joins the input of every step.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import tensorflow as tf

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.layers import DenseNetwork, Identity, Network, RecurrentNetwork
from timegan_lib.networks.statics import StaticNetworks


def embedder(config: TimeGANConfig, features: int, context: int, seed: int) -> Network:
    """H = e(X), from the data (B, T, D) to the latent space (B, T, h) in (0, 1).

    Source: paper equation 3. Taught in book/networks/embedder.ipynb.
    """
    if not config.embedding:
        return Identity()
    return RecurrentNetwork("embedder", config, features + context, config.hidden, seed=seed)


def recovery(config: TimeGANConfig, features: int, seed: int) -> Network:
    """X~ = r(H), from the latent space (B, T, h) back to the data (B, T, D) in (0, 1).

    Source: paper equation 4, there a feedforward network (`recovery="dense"`), in the authors' code
    a recurrent one. Taught in book/networks/recovery.ipynb.
    """
    if not config.embedding:
        return Identity()
    if config.recovery == "dense":
        return DenseNetwork("recovery", config.hidden, config.hidden, features, seed)
    return RecurrentNetwork("recovery", config, config.hidden, features, seed=seed)


def generator(config: TimeGANConfig, noise: int, latent: int, context: int, seed: int) -> Network:
    """E^ = g(Z), from noise (B, T, Dz) to the latent space (B, T, h) in (0, 1).

    Source: paper equation 5. Taught in book/networks/generator.ipynb.
    """
    return RecurrentNetwork("generator", config, noise + context, latent, seed=seed)


def supervisor(config: TimeGANConfig, latent: int, context: int, seed: int) -> Network:
    """H^ = s(E^), one latent step ahead (B, T, h) -> (B, T, h), with one layer less than the others.

    Source: the authors' code; the paper folds it into the generator. Taught in book/networks/supervisor.ipynb.
    """
    layers = max(1, config.layers - 1)
    return RecurrentNetwork(
        "supervisor", config, latent + context, latent, layers=layers, seed=seed
    )


def discriminator(config: TimeGANConfig, latent: int, context: int, seed: int) -> Network:
    """Y = d(H), one logit for every step: (B, T, h) -> (B, T, 1), no activation.

    Source: paper equation 6, there bidirectional (`bidirectional=True`), in the authors' code one way.
    Taught in book/networks/discriminator.ipynb.
    """
    ways = 2 if config.bidirectional else 1
    return RecurrentNetwork(
        "discriminator", config, latent + context, 1, activation=None, ways=ways, seed=seed
    )


class Networks:
    """The five networks and, where there are static features, the four of the static branch."""

    def __init__(
        self,
        config: TimeGANConfig,
        features: int,
        static_blocks: tuple[int, ...] = (),
        seed: int = 0,
    ):
        latent = config.hidden if config.embedding else features
        self.noise_size = config.noise_size or features
        self.static = StaticNetworks.make(config, static_blocks, seed) if static_blocks else None
        context = self.static.size if self.static else 0
        self.embedder = embedder(config, features, context, seed)
        self.recovery = recovery(config, features, seed)
        self.generator = generator(config, self.noise_size, latent, context, seed)
        self.supervisor = supervisor(config, latent, context, seed)
        self.discriminator = discriminator(config, latent, context, seed)

    def weights(self, *names: str) -> list[tf.Variable]:
        """The weights of the named networks, each with its static companion where there is one."""
        found: list[tf.Variable] = []
        for name in names:
            found += getattr(self, name).weights
            found += getattr(self.static, name).weights if hasattr(self.static, name) else []
        return found

    def generate(self, z: tf.Tensor, noise: tf.Tensor | None, wanted: tf.Tensor | None):
        """X^ (B, T, D), and x~_S (B, Ds) or None, from noise and, where they are, for wanted statics."""
        context = static = None
        if self.static is not None and wanted is not None:
            context, static = self.static.embedder(wanted), wanted
        elif self.static is not None:
            context = self.static.generator(noise)  # h^_S
            static = self.static.recovery(context)
        return self.recovery(self.supervisor(self.generator(z, context), context)), static

    def read_back(self, x: tf.Tensor, static: tf.Tensor | None, ahead: bool, z: tf.Tensor):
        """X~ (B, T, D), and x~_S (B, Ds) or None; ahead: what the supervisor says of each step but the first."""
        context = None if self.static is None else self.static.embedder(static)
        latent = self.embedder(x, context)  # H
        if ahead:
            told = self.supervisor(latent, context)  # H^, of the steps after
            latent = tf.concat([latent[:, :1], told[:, :-1]], 1)
        return self.recovery(latent), None if self.static is None else self.static.recovery(context)

    @property
    def all_weights(self) -> list[tf.Variable]:
        return self.weights("embedder", "recovery", "generator", "supervisor", "discriminator")
