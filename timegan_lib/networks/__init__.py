"""The second room: pure functions of tensors. No phases, no files, no data sets.

In: batches (B, T, features). Out: batches, and losses as scalars.

Read `recurrent` (the layers, forward and backward), `layers` (what a network is made of), `five` (the
five networks), `losses` (the four losses); `statics` holds the networks of static features.
Taught in book/how-the-code-is-built.md.
"""

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

__all__ = [
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
    "recovery",
    "recurrent_stack",
    "recurrent_weights",
    "supervisor",
]
