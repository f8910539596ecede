"""The second room: pure functions of tensors. No phases, no files, no data sets.

In: batches (B, T, features). Out: batches, and losses as scalars.

Read `recurrent` (the layers, forward and backward), `layers` (what a network is made of), `five` (the
five networks), `losses` (the four losses); `statics` holds the networks of static features. `autoregressive`
is the other generator, the paper's, and `mixture` what it says of a step.
Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.config import TimeGANConfig
from timegan_lib.networks.autoregressive import AutoregressiveNetworks
from timegan_lib.networks.five import (
    Networks,
    discriminator,
    embedder,
    generator,
    recovery,
    supervisor,
)
from timegan_lib.networks.layers import (
    Network,
    RecurrentNetwork,
    dense,
    dense_weights,
    join,
    recurrent_weights,
)
from timegan_lib.networks.recurrent import recurrent_stack
from timegan_lib.networks.statics import StaticNetworks

AnyNetworks = Networks | AutoregressiveNetworks


def make_networks(
    config: TimeGANConfig, features: int, static_blocks: tuple[int, ...] = (), seed: int = 0
) -> AnyNetworks:
    """The networks that the configuration asks for. Taught in book/how-the-code-is-built.md."""
    kind = AutoregressiveNetworks if config.generator == "autoregressive" else Networks
    return kind(config, features, static_blocks, seed)


__all__ = [
    "AnyNetworks",
    "AutoregressiveNetworks",
    "Network",
    "Networks",
    "RecurrentNetwork",
    "StaticNetworks",
    "dense",
    "dense_weights",
    "discriminator",
    "embedder",
    "generator",
    "join",
    "make_networks",
    "recovery",
    "recurrent_stack",
    "recurrent_weights",
    "supervisor",
]
