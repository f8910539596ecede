"""TimeGAN as one object: fit, sample, save, load. Taught in book/first-synthetic-series.ipynb."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from timegan_lib import __version__
from timegan_lib.checkpoint import RunDirectory, read_arrays, write_arrays
from timegan_lib.config import PHASES, InputError, TimeGANConfig, whole_number
from timegan_lib.fitting import Fit
from timegan_lib.networks import Networks
from timegan_lib.sampling import Lengths, Sampler
from timegan_lib.sequences import SequenceDataset
from timegan_lib.training import SAMPLING, Training, assign


class TimeGAN:
    """Learn to make sequences like the ones in a data set.

    config: a TimeGANConfig, the authors' settings by default. seed: fixes weights, batches and noise.
    history: losses, a row for every few steps, as `fit` returns it.
    Source: Yoon, Jarrett and van der Schaar, NeurIPS 2019. Taught in book/first-synthetic-series.ipynb.
    """

    def __init__(self, config: TimeGANConfig | None = None, seed: int = 0):
        if config is not None and not isinstance(config, TimeGANConfig):
            raise InputError(f"config is {config!r}; give a TimeGANConfig")
        self.config = config or TimeGANConfig()
        self.seed = whole_number("seed", seed, 0)
        self.history = pd.DataFrame()
        self.training: Training | None = None  # of the last fit
        self._steps = dict.fromkeys(PHASES, 0)
        self._sampler: Sampler | None = None

    @property
    def steps_done(self) -> dict[str, int]:
        """Steps trained in each phase."""
        return self._steps if self.training is None else self.training.steps_done

    @property
    def networks(self) -> Networks:
        """The networks as they are now."""
        return self._trained.networks

    @property
    def _trained(self) -> Sampler:
        if self._sampler is None:
            raise InputError("this model is not trained; call fit() first, or TimeGAN.load()")
        return self._sampler

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
        if not isinstance(snapshots, Iterable):
            raise InputError(f"snapshots={snapshots!r} must be a list of joint steps")
        wanted = sorted({whole_number("snapshots", step, 1) for step in snapshots})
        every = whole_number("checkpoint_every", checkpoint_every, 1)
        if wanted and run_dir is None:
            raise InputError(f"snapshots={wanted} need a run_dir to be kept in")
        if not isinstance(data, SequenceDataset):
            raise InputError(
                f"data is a {type(data).__name__}; give a SequenceDataset, such as "
                "SequenceDataset.from_frame(frame, length=24)"
            )
        lengths = Lengths(data.lengths)
        values, static, blocks = self._arrays(data, lengths)
        networks = Networks(self.config, values.shape[2], blocks, self.seed)
        training = Training(self.config, networks, values, lengths.all, static, self.seed)
        run = None if run_dir is None else RunDirectory(run_dir)
        history = pd.DataFrame()
        if run is not None:
            about = self._about(self.fingerprint(data), data, command)
            history = self._resume(run, training, about)
        self.training = training
        self._sampler = Sampler(
            self.config, training.networks, training.average, data.template(), lengths
        )
        loop = Fit(self.config, training, run, self.save, history, wanted, every, progress)
        try:
            loop()
        finally:  # also where it was interrupted
            self.history = pd.DataFrame(loop.rows)
        return self.history

    def _arrays(
        self, data: SequenceDataset, lengths: Lengths
    ) -> tuple[np.ndarray, np.ndarray | None, tuple[int, ...]]:
        """Scaled values (N, T, D), scaled static (N, Ds) with the length if it varies, and its blocks."""
        config, static, blocks = self.config, data.static_scaled, data.static_blocks
        if lengths.vary and config.bidirectional:
            raise InputError(
                "bidirectional=True would read padding before the data; it needs sequences of one length"
            )
        if static is not None and not config.embedding:
            raise InputError(
                "embedding=False has no place for static features; leave one of them out"
            )
        sized = config.static_weight is not None or config.static_hidden is not None
        if static is None and (config.condition_on_real or sized):
            raise InputError(
                "condition_on_real, static_weight and static_hidden need data with static features"
            )
        if static is not None and lengths.vary:
            static, blocks = np.column_stack([static, lengths.scale(lengths.all)]), (*blocks, 1)
        return data.scaled[:, : lengths.longest], static, blocks

    def fingerprint(self, data: SequenceDataset) -> str:
        """A short hash of all that training would see of these data; config.json of a run has it."""
        lengths = Lengths(data.lengths)
        values, static, _ = self._arrays(data, lengths)
        digest = hashlib.sha256(f"{values.shape}".encode())
        for array in (values, lengths.all, static):
            if array is not None:
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def _about(self, fingerprint: str, data: SequenceDataset, command: str | None) -> dict:
        return {
            "command": command,
            "settings": dataclasses.asdict(self.config),
            "seed": self.seed,
            "data": fingerprint,
            "sequences": len(data),
            "length": int(data.lengths.max()),
            "features": list(data.names),
            "versions": _versions(),
        }

    def _resume(self, run: RunDirectory, training: Training, about: dict) -> pd.DataFrame:
        """Begin a run directory, or put the training where the one in it stopped. Returns the history."""
        run.check()
        found = run.read_config()
        if found is None:
            run.write_config(about)
            return pd.DataFrame()
        _check_same_run(run, found, about)
        checkpoint = run.read_checkpoint()
        if checkpoint is None:
            return pd.DataFrame()
        training.restore(checkpoint)
        done = list(training.steps_done.values())
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
            warnings.warn(
                f"phases that are over stay as they are: steps is {tuple(asked)}", stacklevel=3
            )
        history = run.read_history()
        self.config = self.config.replace(steps=tuple(asked))
        found["settings"]["steps"] = tuple(asked)
        found["command"] = about["command"] or found.get("command")
        run.write_config(found)
        run.remove_parts()
        return pd.DataFrame() if history is None else _until(history, done)

    # ---- sample ----

    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        lengths: Any = None,
        static: Any = None,
        average: bool = False,
    ) -> SequenceDataset:
        """n new sequences in the data's own units, with static features if the data have them.

        The same seed gives the same samples, and a smaller n the first of them. lengths: one wanted
        length or (n,) of them, else like the training data. static: (n, Ds) wanted static features, a
        table with their columns or numbers in their own units; measure whether samples follow them
        before you rely on it. Where the length is generated with the static features, `lengths`
        without `static` only cuts what was made for another length. average: use the moving average
        of the weights over the joint phase instead of the last ones. Raises InputError.
        """
        if average and not self.steps_done["joint"]:
            raise InputError("average=True needs a model with joint steps; this one has none yet")
        return self._trained(n, seed, lengths, static, average)

    # ---- save and load ----

    def save(self, path: str | Path) -> None:
        """Write one file that `TimeGAN.load` and `timegan sample` read: weights, scaler, names."""
        sampler = self._trained
        about = {
            "settings": dataclasses.asdict(self.config),
            "seed": self.seed,
            "steps": self.steps_done,
            "template": sampler.template.to_dict(),
            "versions": _versions(),
        }
        arrays = {_name(weight): weight.numpy() for weight in sampler.networks.all_weights}
        for weight, average in zip(
            sampler.networks.weights(*SAMPLING), sampler.average, strict=True
        ):
            arrays[f"average/{_name(weight)}"] = average.numpy()
        arrays["lengths"] = sampler.lengths.all
        arrays["about"] = np.array(json.dumps(about))
        write_arrays(Path(path), arrays)

    @classmethod
    def load(cls, path: str | Path) -> TimeGAN:
        """A trained model from a file of `save`, or from a run directory. It can sample, not train on."""
        path = Path(path)
        run = RunDirectory(path) if path.is_dir() else None
        arrays = read_arrays(path if run is None else run.model_file)
        if "about" not in arrays:
            raise InputError(f"{path} is not a model of this library, such as save() writes")
        try:
            about = json.loads(str(arrays["about"]))
            model = cls(TimeGANConfig.from_dict(about["settings"]), about["seed"])
            model._steps = about["steps"]
            template = SequenceDataset.from_dict(about["template"])
            lengths, blocks = Lengths(arrays["lengths"]), template.static_blocks
            if blocks and lengths.vary:
                blocks = (*blocks, 1)
            networks = Networks(model.config, len(template.names), blocks, model.seed)
            assign(networks.all_weights, [arrays[_name(w)] for w in networks.all_weights])
            names = [f"average/{_name(w)}" for w in networks.weights(*SAMPLING)]
            average = [tf.constant(arrays[name]) for name in names]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a model of this version of the library: {error}"
            ) from None
        model._sampler = Sampler(model.config, networks, average, template, lengths)
        if run is not None and (history := run.read_history()) is not None:
            model.history = history
        return model


def _name(weight: tf.Variable) -> str:
    return weight.name.removesuffix(":0")


def _check_same_run(run: RunDirectory, found: dict, about: dict) -> None:
    """A run goes on only with the settings, seed and data it began with; steps may grow."""
    for name, there in found["settings"].items():
        here = about["settings"].get(name)
        if name != "steps" and here != there:
            raise InputError(
                f"{run.path} holds a run with {name}={there!r}, not {here!r}; "
                "give the same settings, or another folder"
            )
    if found.get("features", about["features"]) != about["features"]:
        raise InputError(
            f"{run.path} holds a run on the features {', '.join(found['features'])}, "
            f"not {', '.join(about['features'])}; give the same data or another folder"
        )
    for name, what in (("seed", "the seed"), ("data", "data with the fingerprint")):
        if found[name] != about[name]:
            raise InputError(
                f"{run.path} holds a run with {what} {found[name]}, not {about[name]}; "
                f"give the same {name}, or another folder"
            )


def _until(history: pd.DataFrame, done: list[int]) -> pd.DataFrame:
    """The rows up to the checkpoint; a killed run may have written some more."""
    reached = history["phase"].map(dict(zip(PHASES, done, strict=True)))
    return history[history["step"] <= reached].reset_index(drop=True)


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "timegan_lib": __version__,
    }
