"""A trained model as a script for a web page, in which the book's `sampler.js` makes sequences of it.

The script is one assignment: plain values as JSON, arrays as base64 of little-endian floats. It needs no server
and no network. Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import tensorflow as tf

from timegan_lib.config import InputError
from timegan_lib.data import Represented
from timegan_lib.data.forms import in_order
from timegan_lib.data.margins import Margin
from timegan_lib.networks import AutoregressiveNetworks, Networks, RecurrentNetwork
from timegan_lib.networks.layers import DenseNetwork
from timegan_lib.sampling import Sampler

FLOATS = {16: "<f2", 32: "<f4"}
WINDOWS = 256  # by which the rounding of the weights is measured
HEAD = (
    "// A model of timegan_lib, written by `timegan export-js`; book/_static/sampler.js reads it.\n"
)


def model_script(sampler: Sampler, name: str, bits: int = 16) -> str:
    """The text of a script that holds a trained model under a name.

    bits: of a weight, 16 or 32. What 16 bits change is measured, and the script says it: `rounding`, half
    and the most of the differences over 256 windows, in the units that the networks make. Raises InputError
    for a model that `sampler.js` cannot compute.
    """
    if bits not in FLOATS:
        raise InputError(f"bits={bits!r} must be 16 or 32")
    _refuse(sampler)
    networks, template = sampler.networks, sampler.template
    found = {
        "generator": sampler.config.generator,
        "names": list(template.names),
        "whole": [column.whole for column in template.table.columns if not column.static],
        "length": sampler.lengths.longest,
        "noise": {"kind": sampler.config.noise, "size": networks.noise_size},
        "bits": bits,
        "rounding": rounding(sampler, bits),
    }
    if isinstance(networks, Networks):
        found["layers"] = _layers(networks, bits)
    else:
        found |= _autoregressive(networks, bits)
    if sampler.represented is None:
        found["scaler"] = template.scaler.to_dict()
    else:
        found |= _represented(sampler.represented)
    told = json.dumps(found, separators=(",", ":"), allow_nan=False)
    return f"{HEAD}(globalThis.timeganModels ??= {{}})[{json.dumps(name)}] = {told};\n"


def rounding(sampler: Sampler, bits: int) -> dict[str, float]:
    """How far weights of so many bits move what the networks make: half of the numbers less, and the most."""
    weights = sampler.networks.weights("generator", "supervisor", "recovery")
    if isinstance(sampler.networks, AutoregressiveNetworks):
        weights = sampler.networks.weights("generator")
    z, exact = sampler.noise(0, 0)[:WINDOWS], [weight.numpy() for weight in weights]
    before = sampler.networks.generate(z, None, None)[0].numpy()
    try:
        for weight, values in zip(weights, exact, strict=True):
            weight.assign(values.astype(FLOATS[bits]).astype(np.float32))
        off = np.abs(sampler.networks.generate(z, None, None)[0].numpy() - before)
    finally:
        for weight, values in zip(weights, exact, strict=True):
            weight.assign(values)
    return {"half": float(np.median(off)), "most": float(off.max())}


def packed(array: Any, bits: int) -> dict[str, Any]:
    """An array as its shape and the base64 of its floats."""
    values = np.ascontiguousarray(array, FLOATS[bits])
    if not np.isfinite(values).all():
        raise InputError(f"a weight is too large for {bits} bits; export 32")
    data = base64.b64encode(values.tobytes()).decode()
    return {"shape": list(values.shape), "bits": bits, "data": data}


def _refuse(sampler: Sampler) -> None:
    config, template = sampler.config, sampler.template
    for wrong, what in (
        (sampler.networks.static is not None, "static features"),
        (sampler.lengths.vary, "sequences of different length"),
        (bool(template.table.onehot(static=False).any()), "categories"),
        (config.cell != "gru", f"cell={config.cell!r}"),
    ):
        if wrong:
            raise InputError(
                f"this model has {what}; a page can compute GRU models of numbers of one length"
            )


def _layers(networks: Networks, bits: int) -> list[dict[str, Any]]:
    """Generator, supervisor and recovery as the layers that the noise goes through, one after the other."""
    found = []
    for network in (networks.generator, networks.supervisor, networks.recovery):
        if isinstance(network, RecurrentNetwork):
            found += [_layer("gru", layer, bits) for layer in network.stacks[0]]
            found.append(_layer("sigmoid", network.output, bits))
        elif isinstance(network, DenseNetwork):
            kinds = ("tanh", "tanh", "sigmoid")
            found += [_layer(*each, bits) for each in zip(kinds, network.layers, strict=True)]
    return found


def _layer(kind: str, weights: list[tf.Variable], bits: int) -> dict[str, Any]:
    return {"kind": kind, "weights": [packed(weight, bits) for weight in weights]}


def _autoregressive(networks: AutoregressiveNetworks, bits: int) -> dict[str, Any]:
    """The weights of the generator; its constants, a few numbers, keep 32 bits."""
    made = networks.generator
    parts = {"head": made.head, "first": made.first, "staying": made.staying}
    return {
        "components": made.components,
        "leastSpread": made.least,
        "layers": [_layer("gru", layer, bits) for layer in made.layers],
        **{name: _layer("linear", weights, bits) for name, weights in parts.items()},
        "straight": packed(made.straight, bits),
        "triangles": packed(made.triangles, bits),
        "limits": packed(made.limits, 32),
        "news": packed(made.news, 32),
        "stays": packed(made.stays, 32),
    }


def _represented(represented: Represented) -> dict[str, Any]:
    """The way back from what is learned: the scaler or None, and the forms in the order in which they are undone."""
    representation, scaler = represented.representation, represented.scaler
    names, forms = representation.names, representation.forms
    steps = [
        {
            "feature": k,
            "kind": forms[k].kind,
            "references": [names.index(name) for name in forms[k].references],
            "log": forms[k].log,
            "changes": forms[k].changes,
            "decimals": representation.decimals[k],
            "margins": [_margin(margin) for margin in representation.margins[k]],
        }
        for k in in_order(names, forms)
    ]
    return {"scaler": None if scaler is None else scaler.to_dict(), "forms": steps}


def _margin(margin: Margin) -> dict[str, Any]:
    scores, values = margin.line
    ends = {"floor": margin.floor, "ceiling": margin.ceiling}
    return {
        "scores": packed(scores, 32),
        "values": packed(values, 32),
        "slopes": list(margin.slopes),
        **{name: end if np.isfinite(end) else None for name, end in ends.items()},
    }
