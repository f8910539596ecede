"""Every constant and every switch of TimeGAN, by name, with the authors' defaults.

One frozen dataclass, checked when it is made, written to and read from JSON. A default here is the
value in the authors' public code; where the paper differs, the comment says so.
Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

PHASES = ("autoencoder", "supervisor", "joint")
CELLS = ("gru", "lstm")
NOISES = ("uniform", "gaussian", "wiener")
RECOVERIES = ("rnn", "dense")
GENERATORS = ("noise", "autoregressive")
RECIPES: dict[str, dict[str, Any]] = {
    "reference": {},  # the authors' code
    "autoregressive": {
        "generator": "autoregressive", "embedding": False, "moments": False,
        "latent_adversary": False, "noise": "gaussian", "layers": 1, "inner_updates": 1,
        "hidden": 32, "supervised_weight": 5.0, "joint_learning_rate": 1e-4,
        "discriminator_threshold": 1.2, "steps": (0, 3_000, 1_000),
    },
}  # fmt: skip


class InputError(ValueError):
    """Something the caller gave cannot be used; the message names it and says what would do.

    Taught in book/the-data.ipynb.
    """


def whole_number(name: str, value: Any, least: int, most: int = 2**31 - 1) -> int:
    """`value` as an int, or an InputError if it is no whole number between `least` and `most`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}={value!r} must be a whole number of at least {least}")
    if value > most:
        raise InputError(f"{name}={value!r} must be a whole number of at most {most:,}")
    return int(value)


@dataclass(frozen=True)
class TimeGANConfig:
    """The algorithm's settings. Taught in book/how-the-code-is-built.md.

    Raises InputError for an unknown word, a wrong type, a value out of range, or switches that
    were never meant to be combined.
    """

    # training
    steps: int | tuple[int, int, int] = 50_000  # autoencoder, supervisor, joint; one number: all
    batch_size: int = 128
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8  # as TensorFlow 1; Keras has 1e-7
    inner_updates: int = 2  # generator and embedder updates for one of the discriminator
    discriminator_threshold: float = 0.15  # at or below this L_D the discriminator waits
    average_decay: float = 0.999  # moving average of the sampling weights, tracked beside the run

    # networks
    hidden: int = 24  # h
    layers: int = 3  # L; the supervisor has one less
    cell: str = "gru"  # "gru" | "lstm"
    recovery: str = "rnn"  # "rnn" | "dense" (two dense layers of h, then the output)
    bidirectional: bool = False  # the paper's discriminator reads both ways
    noise: str = "uniform"  # "uniform" | "gaussian" | "wiener" (the paper's)
    noise_size: int | None = None  # Dz; None: as many as there are features
    generator: str = (
        "noise"  # "noise" (the code's, sees noise alone) | "autoregressive" (the paper's)
    )

    # of the autoregressive generator
    components: int = 5  # of the mixture that it says of each step
    least_spread: float = 0.05  # of a component; what a linear autoregression leaves has spread 1
    joint_learning_rate: float | None = None  # of phase III; None: learning_rate

    # weights of the losses
    gamma: float = 1.0  # of U_e, the adversary on the generator's own output
    reconstruction_weight: float = 10.0  # of sqrt(L_R)
    supervised_weight: float = 100.0  # of sqrt(L_S) in the generator's objective
    embedder_supervised_weight: float = 0.1  # of L_S in the embedder's objective
    moments_weight: float = 100.0  # of V

    # switches
    supervised: bool = True  # False: no L_S anywhere, no phase II (paper Table 3, first line)
    embedding: bool = True  # False: the latent space is the data, D wide (Table 3, second)
    joint: bool = True  # False: L_S does not reach the embedder (Table 3, third)
    freeze_autoencoder: bool = False  # True: no embedder update in phase III
    moments: bool = True
    latent_adversary: bool = True  # U_e

    # static features
    static_hidden: int | None = None  # size of h_S; None: min(hidden, 4 * static features)
    static_weight: float | None = None  # of every static term; None: 1 / T, as in the paper
    condition_on_real: bool = False  # half of the joint batches feed the generator e_S(x_S)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self._check_type(field.name, str(field.type))
        if not isinstance(self.steps, int):
            object.__setattr__(self, "steps", tuple(self.steps))
        for name, words in (
            ("cell", CELLS),
            ("noise", NOISES),
            ("recovery", RECOVERIES),
            ("generator", GENERATORS),
        ):
            if getattr(self, name) not in words:
                known = ", ".join(repr(word) for word in words)
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be one of {known}")
        for name in (
            "batch_size",
            "hidden",
            "layers",
            "inner_updates",
            "noise_size",
            "static_hidden",
            "components",
        ):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if min(self.phase_steps) < 0:
            raise InputError(f"steps is {self.steps}; a phase cannot have less than 0 steps")
        for name in ("learning_rate", "epsilon", "least_spread", "joint_learning_rate"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("beta_1", "beta_2", "average_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be in [0, 1)")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            weighs = field.name == "gamma" or field.name.endswith(("_weight", "_threshold"))
            if weighs and value is not None and value < 0:
                raise InputError(f"{field.name} is {value}; it must be 0 or more")
        _check_combinations(self)

    def _check_type(self, name: str, declared: str) -> None:
        value = getattr(self, name)
        if value is None and "None" in declared:
            return
        if name == "steps" and isinstance(value, (tuple, list)):
            whole = all(isinstance(v, int) and not isinstance(v, bool) for v in value)
            if len(value) != len(PHASES) or not whole:
                phases = ", ".join(PHASES)
                raise InputError(f"steps is {value!r}; give one number or three ({phases})")
            return
        kind = declared.split(" | ")[0]
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            object.__setattr__(self, name, float(value))
            return
        fits: type = {"int": int, "float": float, "bool": bool, "str": str}[kind]
        if not isinstance(value, fits) or (kind == "int" and isinstance(value, bool)):
            raise InputError(f"{name} is {value!r}; it must be of type {declared}")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{name} is {value}; it must be a finite number")

    def changed(self) -> dict[str, Any]:
        """The settings that differ from the defaults."""
        default = vars(TimeGANConfig())
        return {name: value for name, value in vars(self).items() if value != default[name]}

    @property
    def phase_steps(self) -> tuple[int, int, int]:
        """Steps asked of each phase: (autoencoder, supervisor, joint)."""
        return (self.steps,) * 3 if isinstance(self.steps, int) else self.steps

    @property
    def skips(self) -> tuple[str, ...]:
        """The phases that the switches leave nothing to do in."""
        skipped = [] if self.embedding else ["autoencoder"]
        return tuple(skipped if self.supervised else [*skipped, "supervisor"])

    @classmethod
    def recipe(cls, name: str, **changes) -> TimeGANConfig:
        """The settings that go together under a name, some of them changed.

        "reference": the authors' code, the default. "autoregressive": the generator as the paper writes it,
        with a likelihood; see `networks.autoregressive`. Raises InputError. Taught in book/how-the-code-is-built.md.
        """
        if name not in RECIPES:
            raise InputError(f"recipe is {name!r}; it must be one of {', '.join(RECIPES)}")
        return cls.from_dict(RECIPES[name] | changes)

    def replace(self, **changes) -> TimeGANConfig:
        """A copy with some settings changed, checked again. Unknown names raise InputError."""
        return TimeGANConfig.from_dict(dataclasses.asdict(self) | changes)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_dict(cls, settings: dict) -> TimeGANConfig:
        """recipe: a name of RECIPES, whose settings the others change. Raises InputError."""
        if "recipe" in settings:
            rest = {name: value for name, value in settings.items() if name != "recipe"}
            return cls.recipe(settings["recipe"], **rest)
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(settings) - known)
        if unknown:
            near = difflib.get_close_matches(unknown[0], sorted(known), 3) or sorted(known)[:3]
            raise InputError(
                f"unknown setting {unknown[0]!r}; did you mean {' or '.join(near)}? TimeGANConfig has all "
                f"{len(known)}"
            )
        return cls(**settings)

    @classmethod
    def from_json(cls, text: str) -> TimeGANConfig:
        try:
            settings = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(f"the configuration is not readable as JSON: {error}") from None
        if not isinstance(settings, dict):
            raise InputError("the configuration must be a JSON object of settings")
        return cls.from_dict(settings)


def _check_combinations(config: TimeGANConfig) -> None:
    if not config.embedding:
        clash = {
            "recovery='dense'": config.recovery == "dense",
            "freeze_autoencoder=True": config.freeze_autoencoder,
            "joint=False": not config.joint,
        }
        for words, present in clash.items():
            if present:
                raise InputError(
                    f"embedding=False has no autoencoder, so {words} means nothing with it"
                )
    _check_generator(config)
    if not config.joint and (config.freeze_autoencoder or not config.supervised):
        other = "freeze_autoencoder=True" if config.freeze_autoencoder else "supervised=False"
        raise InputError(f"joint=False is already contained in {other}; choose one of them")


def _check_generator(config: TimeGANConfig) -> None:
    """Settings that mean nothing with the generator chosen."""
    means: dict[str, Any] = {
        "embedding": False, "moments": False, "latent_adversary": False, "supervised": True,
        "noise": "gaussian", "cell": "gru", "bidirectional": False, "noise_size": None,
        "static_hidden": None, "static_weight": None, "condition_on_real": False,
    }  # fmt: skip
    if config.generator == "autoregressive":
        for name, needed in means.items():
            if getattr(config, name) != needed:
                raise InputError(
                    f"generator='autoregressive' needs {name}={needed!r}, not {getattr(config, name)!r}; "
                    'start from TimeGANConfig.recipe("autoregressive")'
                )
    elif config.joint_learning_rate is not None:
        raise InputError("joint_learning_rate needs generator='autoregressive'")
