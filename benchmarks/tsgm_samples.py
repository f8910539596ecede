"""Train tsgm's TimeGAN by its own `fit` and sample: run by the Python of an environment that has tsgm.

python tsgm_samples.py IN.npy OUT.npy --steps 40 --seed 3    # IN: windows (N, T, D) in [0, 1]; OUT: as many made ones

Its own defaults, but the sizes of this book's: three layers of 24 units, batches of 128.
"""

import argparse
import os
import random

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("windows")
    parser.add_argument("out")
    parser.add_argument("--steps", type=int, required=True, help="of each phase")
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()

    import tensorflow as tf
    import tsgm

    random.seed(given.seed)
    np.random.seed(given.seed)
    tf.random.set_seed(given.seed)
    windows = np.load(given.windows).astype("float32")
    _, length, features = windows.shape
    model = tsgm.models.timeGAN.TimeGAN(
        seq_len=length, module="gru", hidden_dim=24, n_features=features, n_layers=3, batch_size=128
    )
    model.compile()
    model.fit(data=windows, epochs=given.steps)
    np.save(given.out, model.generate(len(windows)))


if __name__ == "__main__":
    main()
