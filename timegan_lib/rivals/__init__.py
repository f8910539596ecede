"""The room of other generators. In: a SequenceDataset. Out: as many new sequences as are wanted.

Each is one short file, with the same `fit` and `sample`, and each is simpler than TimeGAN: what TimeGAN
is worth on some data is what it does better there. Read `base` (what they share), then `bootstrap` (no
model at all), `autoregression` (least squares), `variational` (an autoencoder) and `recurrent_gan` (an
adversary). The first two take static features and sequences of any length.
Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.rivals.autoregression import Autoregression
from timegan_lib.rivals.base import Rival
from timegan_lib.rivals.bootstrap import Bootstrap
from timegan_lib.rivals.recurrent_gan import RecurrentGAN
from timegan_lib.rivals.variational import VariationalAutoencoder

RIVALS: dict[str, type[Rival]] = {
    "autoregression": Autoregression,
    "bootstrap": Bootstrap,
    "variational": VariationalAutoencoder,
    "recurrent_gan": RecurrentGAN,
}

__all__ = [
    "RIVALS", "Autoregression", "Bootstrap", "RecurrentGAN", "Rival", "VariationalAutoencoder",
]  # fmt: skip
