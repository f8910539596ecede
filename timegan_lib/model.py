"""TimeGAN as one object: fit, sample, save, load. Taught in book/first-synthetic-series.ipynb."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan_lib import __version__
from timegan_lib.config import PHASES, InputError, TimeGANConfig, whole_number
from timegan_lib.data import Prepared, Representation, SequenceDataset, prepare
from timegan_lib.files import read_arrays, write_arrays
from timegan_lib.messages import warn
from timegan_lib.networks import AnyNetworks, make_networks
from timegan_lib.sampling import Sampler
from timegan_lib.training import Fit, Progress, RunDirectory, make_training
from timegan_lib.training.claim import claim
from timegan_lib.training.progress import check_batch
from timegan_lib.training.resume import about, begin, versions


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
        self.training: Progress | None = None  # of the last fit
        self._steps = dict.fromkeys(PHASES, 0)
        self._sampler: Sampler | None = None
        self._loaded = False  # weights from a file, and no optimizers to go on with

    @property
    def steps_done(self) -> dict[str, int]:
        """Steps trained in each phase."""
        return self._steps if self.training is None else self.training.steps_done

    @property
    def networks(self) -> AnyNetworks:
        """The networks as they are now."""
        return self.sampler.networks

    @property
    def representation(self) -> Representation | None:
        """The forms in which the features are learned; None: all as they are."""
        represented = self.sampler.represented
        return None if represented is None else represented.representation

    @property
    def sampler(self) -> Sampler:
        """Networks, units and forms: what turns noise into sequences."""
        if self._sampler is None:
            raise InputError("this model is not trained; call fit() first, or TimeGAN.load()")
        return self._sampler

    # ---- fit ----

    def fit(
        self, data: SequenceDataset, run_dir: str | Path | None = None, *,
        snapshots: Iterable[int] = (), checkpoint_every: int = 500, progress: bool = True,
        command: str | None = None, represent: Mapping[str, str] | str | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Train all phases and return the history: phase, step, seconds and the mean of each loss.

        run_dir: a folder that keeps the run. The same call goes on with a run that was killed, and a
        larger `steps` extends a finished one (phases that are over stay as they are). Without a folder
        every call trains anew. snapshots: joint steps at which to keep a model to sample from.
        checkpoint_every: steps between checkpoints. command: a text to record beside the run.
        represent: feature -> the form in which it is learned, such as {"Close": "log changes"}, as
        `Representation.fit` takes them; "propose": forms read from the data; None: all as they are, or, for the
        autoregressive generator, "propose".

        Raises InputError for data or a folder that cannot be used, also one that another process trains
        in; TrainingError where a loss stops being finite twice at the same place. A KeyboardInterrupt
        leaves the model usable, and the run saved, at the step that was reached.
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
        run = None if run_dir is None else RunDirectory(run_dir)
        if self._loaded and (run is None or run.read_config() is None):
            raise InputError(
                "this model was loaded, and fit() would begin anew without its weights; to go on with a run, "
                "give its folder as run_dir=; to train anew, make another: TimeGAN(model.config, model.seed)"
            )
        own = self.config.generator == "autoregressive"  # it learns from represented data alone
        if represent is None and own:
            represent = "propose"
        prepared = prepare(data, represent, unit=not own)
        check_fits(self.config, prepared)
        if run is not None:
            run.check()
        with claim(None if run is None else run.path):
            loop = self._begin(prepared, run, command, wanted, every, progress)
            try:
                loop()
            finally:  # also where it was interrupted
                self.history = pd.DataFrame(loop.rows)
        return self.history

    def _begin(
        self, prepared: Prepared, run: RunDirectory | None, command: str | None,
        snapshots: list[int], checkpoint_every: int, progress: bool,
    ) -> Fit:  # fmt: skip
        """Networks and training as at first, or as the run directory has them."""
        names = prepared.template.names
        networks = make_networks(self.config, len(names), prepared.blocks, self.seed)
        training = make_training(self.config, networks, prepared, self.seed)
        history = pd.DataFrame()
        if run is not None:
            record = about(self.config, self.seed, prepared, command, __version__)
            history, self.config = begin(run, training, self.config, record)
        self.training, self._loaded = training, False
        self._sampler = Sampler(
            self.config, training.networks, training.average, prepared.template, prepared.lengths,
            prepared.represented,
        )  # fmt: skip
        return Fit(
            self.config, training, run, self.save, history, snapshots, checkpoint_every, progress
        )

    # ---- sample ----

    def sample(
        self, n: int, seed: int = 0, *, lengths: Any = None, static: Any = None,
        average: bool = False, start: Any = None, freq: Any = None,
    ) -> SequenceDataset:  # fmt: skip
        """n new sequences in the data's own units, with static features if the data have them.

        The same seed gives the same samples, and a smaller n the first of them. lengths: one wanted
        length or (n,) of them, else like the training data. static: (n, Ds) wanted static features, a
        table or a dict with their columns, or numbers, in their own units; measure whether samples
        follow them before you rely on it. Where the length is generated with the static features, `lengths`
        without `static` only cuts what was made for another length. average: use the moving average
        of the weights over the joint phase instead of the last ones. start, freq: dates for the steps,
        such as "2030-01-01" and "h" (`SequenceDataset.dated`). Raises InputError.
        """
        sampler = self.sampler
        if not self.steps_done["joint"]:
            if average:
                raise InputError(
                    "average=True needs a model with joint steps; this one has none yet"
                )
            warn(
                "no joint step was trained: the generator is as it began, and what it makes is no data"
            )
        made = sampler(n, seed, lengths, static, average)
        return made if start is None and freq is None else made.dated(start, freq)

    def reconstruct(self, data: SequenceDataset) -> SequenceDataset:
        """Real sequences as embedder and recovery hand them back, in their own units."""
        return self.sampler.read_back(data)

    def supervised(self, data: SequenceDataset) -> SequenceDataset:
        """The same, but each step after the first is what the supervisor expects after those before."""
        return self.sampler.read_back(data, ahead=True)

    # ---- save and load ----

    def save(self, path: str | Path) -> None:
        """Write one file that `TimeGAN.load` and `timegan sample` read: weights, scaler, names."""
        write_arrays(Path(path), self._to_arrays())

    @classmethod
    def load(cls, path: str | Path) -> TimeGAN:
        """A trained model from a file of `save`, or from a run directory. It can sample, not train on."""
        path = Path(path)
        run = RunDirectory(path) if path.is_dir() else None
        model = cls._from_arrays(read_arrays(path if run is None else run.model_file), str(path))
        if run is not None and (history := run.read_history()) is not None:
            model.history = history
        return model

    def _to_arrays(self) -> dict[str, np.ndarray]:
        content = {
            "settings": dataclasses.asdict(self.config),
            "seed": self.seed,
            "steps": self.steps_done,
            **self.sampler.described(),
            "versions": versions(__version__),
        }
        return self.sampler.to_arrays() | {"about": np.array(json.dumps(content))}

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray], path: str) -> TimeGAN:
        if "about" not in arrays:
            raise InputError(f"{path} is not a model of this library, such as save() writes")
        try:
            found = json.loads(str(arrays["about"]))
            model = cls(TimeGANConfig.from_dict(found["settings"]), found["seed"])
            model._steps, model._loaded = found["steps"], True
            model._sampler = Sampler.from_arrays(model.config, model.seed, found, arrays)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a model of this version of the library: {error}"
            ) from None
        return model

    def __reduce__(self) -> tuple:
        """Pickle and copy keep what a file of `save` keeps: a model that samples."""
        arrays = None if self._sampler is None else self._to_arrays()
        return _rebuilt, (self.config, self.seed, self.history, arrays)


def _rebuilt(
    config: TimeGANConfig, seed: int, history: pd.DataFrame, arrays: dict[str, np.ndarray] | None
) -> TimeGAN:
    model = TimeGAN(config, seed) if arrays is None else TimeGAN._from_arrays(arrays, "the copy")
    model.history = history
    return model


def check_fits(config: TimeGANConfig, data: Prepared) -> None:
    """Raise InputError for switches that these data leave no place for, and too large a batch.

    Taught in book/how-the-code-is-built.md.
    """
    if data.lengths.vary and config.bidirectional:
        raise InputError(
            "bidirectional=True would read padding before the data; it needs sequences of one length"
        )
    own = config.generator == "autoregressive"
    if data.static is not None and not config.embedding and not own:
        raise InputError("embedding=False has no place for static features; leave one of them out")
    sized = config.static_weight is not None or config.static_hidden is not None
    if data.static is None and (config.condition_on_real or sized):
        raise InputError(
            "condition_on_real, static_weight and static_hidden need data with static features"
        )
    check_batch(config, len(data.values))
