"""A rule is asked of one sequence at a time; what it says is what a plain loop over its steps says."""

import math
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from timegan_lib import InputError, SequenceDataset
from timegan_lib.evaluation import validity
from timegan_lib.evaluation.rules import Rule

LENGTHS = np.array([4, 1, 6, 1, 2, 3, 9])
NEVER = math.nan


def table(lengths=LENGTHS, seed=0):
    """Each sequence on a floor of its own, so that a look into the one before is seen."""
    rng, rows = np.random.default_rng(seed), sum(lengths)
    floor = np.repeat(7 * np.arange(len(lengths)) % 11, lengths)
    return pd.DataFrame(
        {
            "sequence": np.repeat(np.arange(len(lengths)), lengths),
            "step": np.concatenate([np.arange(length) for length in lengths]),
            "level": floor + rng.integers(0, 5, rows).astype(float),
            "wind speed": rng.integers(0, 4, rows),
            "temp-1": rng.uniform(-9, 9, rows),
            "kind": pd.Categorical(rng.choice(["gale", "storm", "it's `so`"], rows)),
            "night": rng.uniform(size=rows) < 0.5,
        }
    )


def by_hand(frame, holds):
    """(rows,): `holds(s, t)` at step t of every sequence s, whose columns are lists."""
    found = []
    for _, rows in frame.groupby("sequence"):
        s = {name.replace(" ", "_").replace("-", "_"): list(rows[name]) for name in frame}
        found += [bool(holds(SimpleNamespace(**s), t)) for t in range(len(rows))]
    return found


def kept(rule, frame, lengths=LENGTHS):
    return Rule.read(rule, frame.columns).kept(frame, lengths)


def change(s, t, by=1):
    return s.level[t] - s.level[t - by] if t >= by else NEVER


def mean(s, t, steps=3):
    return sum(s.level[t - steps + 1 : t + 1]) / steps if t >= steps - 1 else NEVER


def or_none(value, answer):
    """True where there is no value: the step passes."""
    return math.isnan(value) or answer(value)


WITH_MEMORY = {
    "level.diff() < 2": lambda s, t: or_none(change(s, t), lambda x: x < 2),
    "level.diff().abs() <= 1": lambda s, t: or_none(change(s, t), lambda x: abs(x) <= 1),
    "2 > level.diff()": lambda s, t: or_none(change(s, t), lambda x: x < 2),
    "-2 <= level.diff() <= 1": lambda s, t: or_none(change(s, t), lambda x: -2 <= x <= 1),
    "level.diff() != 0": lambda s, t: or_none(change(s, t), lambda x: x != 0),
    "level.diff(2) > 0": lambda s, t: or_none(change(s, t, 2), lambda x: x > 0),
    "level.diff().fillna(0) < 2": lambda s, t: t == 0 or change(s, t) < 2,
    "level.diff().fillna(9) < 2": lambda s, t: t > 0 and change(s, t) < 2,
    "level >= level.shift()": lambda s, t: t == 0 or s.level[t] >= s.level[t - 1],
    "level.ge(level.shift())": lambda s, t: t == 0 or s.level[t] >= s.level[t - 1],
    "level >= level.shift(-1)": lambda s, t: t + 1 == len(s.step) or s.level[t] >= s.level[t + 1],
    "level.between(level.shift(), 8)": lambda s, t: t == 0 or s.level[t - 1] <= s.level[t] <= 8,
    "level.rolling(3).mean() < 6": lambda s, t: or_none(mean(s, t), lambda x: x < 6),
    "level.pct_change() < 0.2": lambda s, t: (
        t == 0
        or (s.level[t - 1] == 0 and s.level[t] == 0)
        or (s.level[t - 1] != 0 and s.level[t] / s.level[t - 1] - 1 < 0.2)
    ),
    "level.cumsum() < 20": lambda s, t: sum(s.level[: t + 1]) < 20,
    "level == level.max()": lambda s, t: s.level[t] == max(s.level),
    "level.max() < 10": lambda s, t: max(s.level) < 10,
    "level.std() > 1": lambda s, t: len(s.step) == 1 or np.std(s.level, ddof=1) > 1,
    "level >= level.iloc[0]": lambda s, t: s.level[t] >= s.level[0],
    "level >= level[0]": lambda s, t: s.level[t] >= s.level[0],
    "level.diff() > 0 or level > 5": lambda s, t: (
        s.level[t] > 5 or or_none(change(s, t), lambda x: x > 0)
    ),
    "level.diff() > 0 and level > 5": lambda s, t: (
        s.level[t] > 5 and or_none(change(s, t), lambda x: x > 0)
    ),
    "not level.diff() > 0": lambda s, t: or_none(change(s, t), lambda x: not x > 0),
    "not (level.diff() > 0 and level > 5)": lambda s, t: (
        not s.level[t] > 5 or or_none(change(s, t), lambda x: not x > 0)
    ),
    "~(level.diff() > 0 | level > 5)": lambda s, t: (
        not s.level[t] > 5 and or_none(change(s, t), lambda x: not x > 0)
    ),
    "level.diff().isna() or level.diff() < 2": lambda s, t: t == 0 or change(s, t) < 2,
    "level.diff().isna()": lambda s, t: t == 0,
    "level.diff().isin([0, 1])": lambda s, t: or_none(change(s, t), lambda x: x in (0, 1)),
    "level.diff() in [0, 1]": lambda s, t: or_none(change(s, t), lambda x: x in (0, 1)),
    "level.diff() not in [0, 1]": lambda s, t: or_none(change(s, t), lambda x: x not in (0, 1)),
    "level.diff() == [0, 1]": lambda s, t: or_none(change(s, t), lambda x: x in (0, 1)),
    "level.diff().between(-1, 1)": lambda s, t: or_none(change(s, t), lambda x: -1 <= x <= 1),
    "(level.diff() < 3).all()": lambda s, t: all(change(s, k) < 3 for k in range(1, len(s.step))),
    "(level.diff() > 1).sum() <= 1": lambda s, t: sum(
        change(s, k) > 1 for k in range(1, len(s.step))
    ) <= 1,
    "(level.diff() > 0) == night": lambda s, t: t == 0 or (change(s, t) > 0) == s.night[t],
    "night == night.shift()": lambda s, t: t == 0 or s.night[t] == s.night[t - 1],
    "kind != kind.shift()": lambda s, t: t == 0 or s.kind[t] != s.kind[t - 1],
    "`wind speed`.diff() < 2 and `temp-1` < 8": lambda s, t: (
        s.temp_1[t] < 8 and (t == 0 or s.wind_speed[t] - s.wind_speed[t - 1] < 2)
    ),
    "step == 0 or level.shift() <= level": lambda s, t: t == 0 or s.level[t - 1] <= s.level[t],
}  # fmt: skip

WITHOUT_MEMORY = {
    "-2 <= `temp-1` <= 2": lambda s, t: -2 <= s.temp_1[t] <= 2,
    "`level` > 2 and level < 9": lambda s, t: 2 < s.level[t] < 9,
    "level > 2 & level < 9 | night": lambda s, t: 2 < s.level[t] < 9 or s.night[t],
    "level > 2 and not (level > 9 or night)": lambda s, t: (
        s.level[t] > 2 and not (s.level[t] > 9 or s.night[t])
    ),
    "level >= `wind speed` * 2 - 1": lambda s, t: s.level[t] >= s.wind_speed[t] * 2 - 1,
    "level % 2 == 0": lambda s, t: s.level[t] % 2 == 0,
    "level == [2, 3]": lambda s, t: s.level[t] in (2, 3),
    "1 < level in [2, 3, 5]": lambda s, t: s.level[t] in (2, 3, 5),
    "level not in [2, 3]": lambda s, t: s.level[t] not in (2, 3),
    "level.between(2, 6)": lambda s, t: 2 <= s.level[t] <= 6,
    "level.isin([2, 3])": lambda s, t: s.level[t] in (2, 3),
    "abs(`temp-1`) < 4": lambda s, t: abs(s.temp_1[t]) < 4,
    "sqrt(level) > 2": lambda s, t: math.sqrt(s.level[t]) > 2,
    "level > -1e3": lambda s, t: True,
    "kind == 'gale'": lambda s, t: s.kind[t] == "gale",
    'kind != "it\'s `so`"': lambda s, t: s.kind[t] != "it's `so`",
    "kind in ['gale', 'storm'] & level > 3": lambda s, t: (
        s.kind[t] in ("gale", "storm") and s.level[t] > 3
    ),
    "kind.str.startswith('s')": lambda s, t: s.kind[t].startswith("s"),
    "night": lambda s, t: s.night[t],
    "not night": lambda s, t: not s.night[t],
    "~night": lambda s, t: not s.night[t],
    "(level > 4) == night": lambda s, t: (s.level[t] > 4) == s.night[t],
    "sequence + step < 9": lambda s, t: s.sequence[t] + s.step[t] < 9,
}


@pytest.mark.parametrize("rule", [*WITH_MEMORY, *WITHOUT_MEMORY])
@pytest.mark.parametrize(
    "lengths", [LENGTHS, [9], [1, 1, 1], [12] * 9], ids=["unequal", "one", "one step each", "equal"]
)
def test_a_rule_says_what_a_loop_over_the_steps_says(rule, lengths):
    frame = table(lengths)
    expected = by_hand(frame, (WITH_MEMORY | WITHOUT_MEMORY)[rule])
    assert kept(rule, frame, np.array(lengths)).tolist() == expected
    if lengths is LENGTHS and rule != "level > -1e3":
        assert len(set(expected)) == 2  # it is broken somewhere, and somewhere not


def test_the_answers_are_those_of_the_whole_table_where_no_step_looks_at_another():
    frame = table()
    for rule in WITHOUT_MEMORY:
        assert kept(rule, frame).tolist() == frame.eval(rule, engine="python").tolist(), rule


def test_only_rules_that_look_at_other_steps_go_sequence_by_sequence():
    columns = table().columns
    assert all(Rule.read(rule, columns).looks_around for rule in WITH_MEMORY)
    slow = {"kind.str.startswith('s')"}  # pandas' `str` has methods that look at all rows
    for rule in WITHOUT_MEMORY.keys() - slow:
        assert not Rule.read(rule, columns).looks_around, rule


def test_where_a_side_has_no_value_the_step_passes():
    frame = table().assign(level=lambda f: f["level"].where(f["step"] != 1))
    for rule in ("level < -1", "level > 99", "not level < 99", "level == -1", "level in [-1]"):
        assert kept(rule, frame).tolist() == [step == 1 for step in frame["step"]], rule


def test_names_and_texts_that_look_like_something_else():
    frame = pd.DataFrame(
        {"sequence": [0, 0], "step": [0, 1], "a&b": [1, 2], "a b": [3, 4], "a_b": [5, 6], "class": [7, 8],
         "_0": [4, 4], "kind": ["a & b", "`a b`"]}
    )  # fmt: skip
    for rule, expected in {
        "`a&b` < 2 & `a b` < 4": [True, False],
        "`a b` < a_b": [True, True],
        "`a b` < _0": [True, False],
        "`class` < 8 and _0 == 4": [True, False],
        "kind == 'a & b'": [True, False],
        "kind == '`a b`' or `a b` == 3": [True, True],
    }.items():
        assert kept(rule, frame, np.array([2])).tolist() == expected, rule


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("level >", "cannot be read"),
        ("level > (3", "cannot be read"),
        ("lvl > 3", "'lvl' is not defined"),
        ("lvl.diff() > 3", "'lvl' is not defined"),
        ("`wind_speed` > 3", "'wind_speed' is not defined"),
        ("level.nothing() > 3", "no attribute 'nothing'"),
        ("kind < 3", "cannot be read"),
        ("max(level) < 3", "cannot be read.*max"),
        ("@level > 3", "cannot be read"),
        ("level > @table", "cannot be read"),
        ("level @ level > 3", "cannot be read"),
        ("pd.isna(level)", "'pd' is not defined"),
        ("__import__('os')", "cannot be read.*__import__"),
        ("__import__('os').getcwd() == level", "cannot be read"),
        ("open('x')", "cannot be read.*open"),
        ("[x for x in level]", "cannot be read"),
        ("level", "is not a comparison"),
        ("level + 1", "is not a comparison"),
        ("level.diff()", "is not a comparison"),
        ("level.max()", "is not a comparison"),
        ("level and night", "is not a comparison"),
        ("not level", "is not a comparison"),
        ("level > 3 or kind", "is not a comparison"),
        ("level.head(2) > 3", "is not a comparison"),
        ("level = 3", "is not a comparison"),
        ("level = kind", "is not a comparison"),
        ("level > 3; night", "is not a comparison"),
        ("1 > 0", "is not a comparison"),
        ("True", "is not a comparison"),
        ("'level'", "is not a comparison"),
        ("", "is not a comparison"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_one_line(rule, said):
    with pytest.raises(InputError, match=said) as refused:
        kept(rule, table())
    told = str(refused.value)
    assert told.startswith(f"rule {rule!r} ") and "\n" not in told
    if "cannot be read" in told:
        assert told.endswith("of the columns level, wind speed, temp-1, kind, night")


def test_validity_counts_steps_and_sequences_of_rules_with_memory():
    frame = pd.DataFrame({"g": np.repeat(range(50), 10), "t": np.tile(range(10), 50)})
    frame["level"] = frame["t"] + 100 * frame["g"]  # rises by 1 a step
    frame.loc[frame.index[[205, 207, 311]], "level"] += 5  # up and down again
    data = SequenceDataset.from_frame(frame, group="g", time="t")
    rules = ["level.diff().abs() < 2", "level.diff().fillna(0) < 2", "level.max() < 4000"]
    found = validity(data, rules)
    assert found.loc[rules[0]].to_list() == [6 / 500, 2 / 50]
    assert found.loc[rules[1]].to_list() == [3 / 500, 2 / 50]
    assert found.loc[rules[2]].to_list() == [100 / 500, 10 / 50]
    assert found.loc["any rule"].to_list() == [106 / 500, 12 / 50]


def test_two_thousand_sequences_take_seconds():
    data = SequenceDataset.from_arrays(np.random.default_rng(0).normal(size=(2000, 24, 5)))
    start = time.process_time()
    validity(data, ["x1.diff().abs() < 2"])
    assert time.process_time() - start < 15
    start = time.process_time()
    validity(data, ["x1.abs() < 2 and x2 <= 3"])
    assert time.process_time() - start < 1
