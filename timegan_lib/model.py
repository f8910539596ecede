"""TimeGAN as one object: fit, sample, save, load."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import operator
import platform
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from timegan_lib import __version__
from timegan_lib.checkpoint import RunDirectory, read_arrays, write_arrays
from timegan_lib.config import PHASES, InputError, TimeGANConfig
from timegan_lib.datasets import SequenceDataset
from timegan_lib.fitting import Fit
from timegan_lib.networks import Networks
from timegan_lib.training import NOISE, SAMPLING, Training, draw_gaussian, stream

SAMPLE_BATCH = 256  # sequences generated in one call
SAMPLE_PHASE = 3  # the sampler's own streams of random numbers, after those of the three phases

class TimeGAN:
    """Learn to make sequences like the ones in a data set.

    config: a TimeGANConfig, the authors' settings by default. seed: fixes weights, batches and noise.
    Source: Yoon, Jarrett and van der Schaar, NeurIPS 2019. Taught in book/first-synthetic-series.ipynb.
    """

    def __init__(self, config: TimeGANConfig | None = None, seed: int = 0):
        seed = _checked_seed(seed)
        if config is not None and not isinstance(config, TimeGANConfig):
            raise InputError(f"config is {config!r}; give a TimeGANConfig")
        self.config = config or TimeGANConfig()
        self.seed = seed
        self.history = pd.DataFrame()
        self.networks: Networks | None = None
        self.training: Training | None = None
        self._average: list[tf.Tensor] = []
        self._template: SequenceDataset | None = None  # names, scaler and table of the data, no rows
        self._lengths = np.zeros(0, int)  # those of the training data
        self._max_length = 0

    # ---- fit ----

    def fit(
        self, data: SequenceDataset, run_dir: str | Path | None = None, *,
        snapshots: Iterable[int] = (), checkpoint_every: int = 500, progress: bool = True,
        command: str | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Train all phases and return the history: phase, step, seconds and the mean of each loss.

        run_dir: a folder that keeps the run. The same call goes on with a run that was killed, and a
        larger `steps` extends a finished one (phases that are over stay as they are). Without a folder
        every call trains anew. snapshots: joint steps at which to keep a model to sample from.
        checkpoint_every: steps between checkpoints. command: a text to record beside the run.

        Raises InputError for data or a folder that cannot be used, TrainingError where a loss stops
        being finite twice at the same place. A KeyboardInterrupt leaves the model usable, and the run
        saved, at the step that was reached.
        """
        snapshots = _positive(snapshots, "snapshots")
        (checkpoint_every,) = _positive([checkpoint_every], "checkpoint_every")
        if not isinstance(data, SequenceDataset):
            raise InputError(
                f"data is a {type(data).__name__}; give a SequenceDataset, such as "
                "SequenceDataset.from_frame(frame, length=24)"
            )
        run = None if run_dir is None else RunDirectory(run_dir)
        if snapshots and run is None:
            raise InputError(f"snapshots={snapshots} need a run_dir to be kept in")
        values, lengths, static = self._arrays(data)
        before = dict(vars(self))
        try:
            self._describe(data)
            networks = Networks(self.config, values.shape[2], self._static_blocks, self.seed)
            training = Training(self.config, networks, values, lengths, static, self.seed)
            history = pd.DataFrame()
            if run is not None:
                history = self._resume(run, training, _fingerprint(values, lengths, static), command)
        except InputError:  # a model that was trained before stays as it was
            vars(self).update(before)
            raise
        self.training = training
        self._use(networks, training.average)
        loop = Fit(
            self.config, training, run, self.save, history, snapshots, checkpoint_every, progress
        )
        try:
            loop()
        finally:  # also where it was interrupted
            self.history = pd.DataFrame(loop.rows)
        return self.history

    def _arrays(self, data: SequenceDataset) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Scaled values (N, T, D), lengths (N,) and static (N, Ds), the length among them if it varies."""
        length = int(data.lengths.max())
        values, static = data.scaled[:, :length], data.static_scaled
        varies = bool(np.any(data.lengths < length))
        if varies and self.config.bidirectional:
            raise InputError(
                "bidirectional=True reads padding before the data; it needs sequences of one length"
            )
        if static is not None and not self.config.embedding:
            raise InputError("embedding=False has no place for static features; leave one of them out")
        if static is None and (self.config.condition_on_real or self.config.static_weight is not None):
            raise InputError("condition_on_real and static_weight need data with static features")
        if static is not None and varies:
            static = np.column_stack([static, _scale_lengths(data.lengths, data.lengths)])
        return values, data.lengths, static

    def _describe(self, data: SequenceDataset) -> None:
        """Keep of the data what sampling needs."""
        self._template = data.template()
        self._lengths = np.asarray(data.lengths)
        self._max_length = int(data.lengths.max())

    @property
    def _length_is_static(self) -> bool:
        varies = bool(np.any(self._lengths < self._max_length))
        return self._template.static is not None and varies

    @property
    def _static_blocks(self) -> tuple[int, ...]:
        """The width of each static feature: 1 for a number, its levels for a category."""
        return self._template.static_blocks + ((1,) if self._length_is_static else ())

    def _resume(
        self, run: RunDirectory, training: Training, fingerprint: str, command: str | None
    ) -> pd.DataFrame:
        """Begin a run directory, or put the training where the one in it stopped."""
        run.check()
        found = run.read_config()
        settings = dataclasses.asdict(self.config)
        about = {
            "command": command, "settings": settings, "seed": self.seed, "data": fingerprint,
            "sequences": len(self._lengths), "length": self._max_length,
            "features": list(self._template.names), "versions": _versions(),
        }  # fmt: skip
        if found is None:
            run.write_config(about)
            return pd.DataFrame()
        _check_same_run(run, found, about)
        checkpoint = run.read_checkpoint()
        if checkpoint is None:
            return pd.DataFrame()
        training.restore(checkpoint)
        done = [int(step) for step in training.steps]
        asked = list(self.config.phase_steps)
        for k, phase in enumerate(PHASES):
            if any(done[k + 1 :]):
                asked[k] = done[k]  # over: it cannot be extended beneath the phases after it
            elif asked[k] < done[k]:
                raise InputError(
                    f"{run.path} holds {done[k]:,} {phase} steps and steps asks for {asked[k]:,}; "
                    "ask for at least as many, or give another folder"
                )
        if tuple(asked) != self.config.phase_steps:
            warnings.warn(f"phases that are over stay as they are: steps is {tuple(asked)}", stacklevel=3)
            self.config = self.config.replace(steps=tuple(asked))
        history = run.read_history()
        found["settings"]["steps"] = self.config.steps
        found["command"] = command or found.get("command")
        run.write_config(found)
        run.remove_parts()
        return pd.DataFrame() if history is None else _until(history, done)

    # ---- sample ----

    def sample(
        self, n: int, seed: int = 0, *, lengths=None, static=None, average: bool = False
    ) -> SequenceDataset:
        """n new sequences in the data's own units, with static features if the data have them.

        The same seed and n give the same samples. lengths: (n,) wanted lengths, else like the training
        data. static: (n, Ds) wanted static features, a table with their columns or numbers in their own
        units; measure whether samples follow them before you rely on it. average: use the moving
        average of the weights, which is often a little better, instead of the last ones.
        """
        if self.networks is None:
            raise InputError("this model is not trained; call fit() first, or TimeGAN.load()")
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise InputError(f"n is {n!r}; ask for at least 1 sample")
        seed = _checked_seed(seed)
        lengths = self._wanted_lengths(lengths, n)
        wanted = None if static is None else self._wanted_static(static, lengths, n, seed)
        weights = self._average if average else None
        values, generated = self._generate(n, seed, wanted, weights)
        if generated is not None and self._length_is_static:
            if lengths is None:
                lengths = _unscale_lengths(generated[:, -1], self._lengths)
            generated = generated[:, :-1]
        if lengths is None:
            lengths = np.random.default_rng([seed, SAMPLE_PHASE]).choice(self._lengths, n)
        return self._template.like(values, lengths, generated)

    def _wanted_lengths(self, lengths, n: int) -> np.ndarray | None:
        if lengths is None:
            return None
        wanted = np.asarray(lengths)
        if wanted.dtype.kind not in "iu" or wanted.shape not in ((), (n,)):
            raise InputError(f"lengths={lengths!r} must be one whole number or n={n} of them")
        for wrong in wanted[(wanted < 1) | (wanted > self._max_length)].flat:
            raise InputError(f"lengths holds {wrong}; the model makes 1 to {self._max_length} steps")
        return np.broadcast_to(wanted, (n,))

    def _wanted_static(self, static, lengths: np.ndarray | None, n: int, seed: int) -> np.ndarray:
        if self._template.static is None:
            raise InputError("static is given, but the model was trained without static features")
        scaled = self._template.scale_static(static)
        if len(scaled) != n:
            raise InputError(f"static has {len(scaled)} rows and n is {n}; they must be equal")
        if not self._length_is_static:
            return scaled
        if lengths is None:
            lengths = np.random.default_rng([seed, SAMPLE_PHASE]).choice(self._lengths, n)
        return np.column_stack([scaled, _scale_lengths(lengths, self._lengths)]).astype(np.float32)

    def _generate(self, n: int, seed: int, static: np.ndarray | None, weights: list | None):
        """Scaled values (n, T, D) and scaled static (n, Ds) or None, batch by batch."""
        networks, batches = self.networks, math.ceil(n / SAMPLE_BATCH)
        kept = [tf.identity(w) for w in networks.weights(*SAMPLING)]
        if static is not None:
            static = np.resize(static, (batches * SAMPLE_BATCH, static.shape[1]))
        try:
            if weights is not None:
                _assign(networks.weights(*SAMPLING), weights)
            parts = []
            for batch in range(batches):
                rows = slice(batch * SAMPLE_BATCH, (batch + 1) * SAMPLE_BATCH)
                given = None if static is None else tf.constant(static[rows], tf.float32)
                parts.append(self._sampler(tf.constant(seed, tf.int64), tf.constant(batch), given))
        finally:
            _assign(networks.weights(*SAMPLING), kept)
        values = np.concatenate([values.numpy() for values, _ in parts])[:n]
        if networks.static is None:
            return values, None
        return values, np.concatenate([made.numpy() for _, made in parts])[:n]

    def _use(self, networks: Networks, average: list[tf.Tensor]) -> None:
        """Sample from these from now on."""
        self.networks, self._average = networks, average
        self._sampler = tf.function(self._sample_batch)

    def _sample_batch(self, seed: tf.Tensor, batch: tf.Tensor, wanted: tf.Tensor | None):
        """Z -> generator -> supervisor -> recovery: X^ (B, T, D), and s~ (B, Ds) or None."""
        networks = self.networks
        shape = (SAMPLE_BATCH, self._max_length, networks.noise_size)
        z = NOISE[self.config.noise](shape, stream(seed, SAMPLE_PHASE, batch, 0))
        context = static = None
        if networks.static is not None:
            shape = (SAMPLE_BATCH, networks.static.size)
            noise = draw_gaussian(shape, stream(seed, SAMPLE_PHASE, batch, 1))
            context = networks.static.generator(noise)
            if wanted is not None:
                context = networks.static.embedder(wanted)
            static = networks.static.recovery(context) if wanted is None else wanted
        generated = networks.generator(z, context)  # E^
        return networks.recovery(networks.supervisor(generated, context)), static

    # ---- save and load ----

    def save(self, path: str | Path) -> None:
        """Write one file that `TimeGAN.load` and `timegan sample` read: weights, scaler, names."""
        if self.networks is None:
            raise InputError("this model is not trained, so there is nothing to save")
        about = {
            "settings": dataclasses.asdict(self.config),
            "seed": self.seed,
            "template": self._template.to_dict(),
            "steps": self.steps_done,
            "versions": _versions(),
        }
        arrays = {w.name[:-2]: w.numpy() for w in self.networks.all_weights}
        names = [w.name[:-2] for w in self.networks.weights(*SAMPLING)]
        arrays |= {f"average/{n}": w.numpy() for n, w in zip(names, self._average, strict=True)}
        arrays["lengths"] = self._lengths
        arrays["about"] = np.array(json.dumps(about))
        write_arrays(Path(path), arrays)

    @classmethod
    def load(cls, path: str | Path) -> TimeGAN:
        """A trained model from a file of `save`, or from a run directory. It can sample, not train on."""
        path = Path(path)
        arrays = read_arrays(RunDirectory(path).model_file if path.is_dir() else path)
        if "about" not in arrays:
            raise InputError(f"{path} is not a model of this library, such as save() writes")
        try:
            about = json.loads(str(arrays["about"]))
            model = cls(TimeGANConfig.from_dict(about["settings"]), about["seed"])
            model._template = SequenceDataset.from_dict(about["template"])
            model._lengths = arrays["lengths"]
            model._max_length = int(model._lengths.max())
            features = len(model._template.names)
            networks = Networks(model.config, features, model._static_blocks, model.seed)
            weights, sampling = networks.all_weights, networks.weights(*SAMPLING)
            _assign(weights, [arrays[w.name[:-2]] for w in weights])
            model._use(networks, [tf.constant(arrays[f"average/{w.name[:-2]}"]) for w in sampling])
            model._steps = about["steps"]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is not a model of this version of the library: {error}") from None
        if path.is_dir() and (history := RunDirectory(path).read_history()) is not None:
            model.history = history
        return model

    @property
    def steps_done(self) -> dict[str, int]:
        """Steps trained in each phase."""
        if self.training is None:
            return dict(getattr(self, "_steps", dict.fromkeys(PHASES, 0)))
        return {p: int(step) for p, step in zip(PHASES, self.training.steps, strict=True)}



def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**31:
        raise InputError(f"seed is {seed!r}; give a whole number from 0 to 2**31 - 1")
    return int(seed)


def _positive(numbers: Iterable[int], name: str) -> list[int]:
    """Whole numbers above 0, sorted, or InputError."""
    try:
        found = sorted({operator.index(number) for number in numbers})
    except TypeError:
        raise InputError(f"{name} is {numbers!r}; give whole numbers") from None
    if found and found[0] < 1:
        raise InputError(f"{name} holds {found[0]}; give whole numbers of at least 1")
    return found


def _check_same_run(run: RunDirectory, found: dict, about: dict) -> None:
    """A run goes on only with the settings, seed and data it began with; steps may grow."""
    for name, there in found["settings"].items():
        here = about["settings"].get(name)
        if name != "steps" and here != there:
            raise InputError(
                f"{run.path} holds a run with {name}={there!r}, not {here!r}; "
                "give the same settings, or another folder"
            )
    if found["seed"] != about["seed"]:
        raise InputError(f"{run.path} holds a run with seed={found['seed']}, not {about['seed']}")
    if found.get("features", about["features"]) != about["features"]:
        raise InputError(
            f"{run.path} holds a run on the features {', '.join(found['features'])}, "
            f"not {', '.join(about['features'])}; give the same data or another folder"
        )
    if found["data"] != about["data"]:
        raise InputError(f"{run.path} holds a run on other data; give the same data or another folder")


def _fingerprint(values: np.ndarray, lengths: np.ndarray, static: np.ndarray | None) -> str:
    """A short hash of all that training sees."""
    digest = hashlib.sha256(f"{values.shape}".encode())
    for array in (values, np.asarray(lengths, np.int64), static):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _until(history: pd.DataFrame, done: list[int]) -> pd.DataFrame:
    """The rows up to the checkpoint; a killed run may have written some more."""
    reached = history["phase"].map(dict(zip(PHASES, done, strict=True)))
    return history[history["step"] <= reached].reset_index(drop=True)


def _scale_lengths(lengths: np.ndarray, training: np.ndarray) -> np.ndarray:
    shortest, longest = training.min(), training.max()
    return ((lengths - shortest) / max(1, longest - shortest)).astype(np.float32)


def _unscale_lengths(scaled: np.ndarray, training: np.ndarray) -> np.ndarray:
    shortest, longest = int(training.min()), int(training.max())
    return np.rint(shortest + scaled * (longest - shortest)).astype(np.int64)


def _assign(variables: list[tf.Variable], values: Iterable) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "timegan_lib": __version__,
    }
