"""What a judgment found, as plain tables: what a report writes down and a page draws.

Taught in book/how-the-code-is-built.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from timegan_lib.data import SequenceDataset
from timegan_lib.evaluation.scores.forecasting import Forecasts
from timegan_lib.evaluation.scores.privacy import Privacy
from timegan_lib.evaluation.verdicts import Verdict

# what the columns of `Findings.scores` are, and their value for a perfect generator
SCORES = {
    "values": "distance of single values from the real ones, in real standard deviations (0)",
    "changes": "distance of the changes from step to step, in their standard deviations (0)",
    "memory": "difference of the autocorrelations of the values (0)",
    "memory of changes": "difference of the autocorrelations of the changes (0)",
    "together": "difference of the correlations between features (0)",
    "together in changes": "difference of the correlations between their changes (0)",
    "mmd": "squared maximum mean discrepancy of whole sequences (0)",
    "movement": "difference of the share of all variance that lies inside sequences (0)",
    "memory of sizes": "difference of the autocorrelations of the sizes of changes, inside sequences (0)",
    "order in time": "difference of the correlations of a change with the next one of each feature (0)",
    "rare changes": "difference of the mean sizes of the largest hundredth of the changes (0)",
    "classifier": "AUC of a logistic regression on summaries, as windows come: too high where they overlap (0.5)",
    "told apart": "AUC of a linear classifier, asked about stretches of time it has not learned from (0.5)",
    "by chance": "what two sides of one source reach of it in one of forty cases",
    "p-value": "how often they reach as much as these (any)",
    "discriminative": "discriminative score of the paper (near 0)",
    "discriminative sd": "its standard deviation over repeats",
    "guessing": "discriminative score of a judge that guesses, on as many sequences",
    "accuracy": "of that judge (0.5)",
    "accuracy low": "the lower end of its 95 % interval, as if sequences were independent",
    "accuracy high": "the upper end of that interval",
    "judge AUC": "AUC of that judge (0.5)",
    "predictive": "predictive score of the paper (that of real data)",
    "predictive sd": "its standard deviation over repeats",
    "forecast": "error on held-out data of a forecaster trained on these (that of real data)",
    "forecast sd": "its standard deviation over repeats",
    "onnd": "distance from a real sequence to the nearest of these (small)",
    "innd": "distance from one of these to the nearest real sequence (small, but not 0)",
    "spread": "how far apart these are, as a share of the real spread (1)",
    "precision": "share of these that are as near to a real sequence as real ones are (that of real data)",
    "recall": "share of real ones that are as near to one of these (that of real data)",
    "missed": "the first distance as a share of that to held-out data, at equal numbers (1)",
    "nearer train": "share that is nearer to train than to held-out data (0.5)",
    "membership": "AUC of guessing from these who was in the training data (0.5)",
    "copies": "share that are copies of training sequences (0)",
    "statics": "distance of the static features and the length (0)",
    "worst static": "distance of the one that is farthest off: a mean hides one wrong among many (0)",
    "dependence": "difference in how sequences go with their static features (0)",
    "broken": "share of sequences that break a rule of the data",
}


@dataclass(frozen=True)
class Findings:
    """What `evaluate` found.

    scores            a row each for `synthetic` and its companions, a column each of SCORES, against
                      the train part; empty (NaN) where a score does not apply
    against_held_out  the scores that need no training, against the held-out part
    features          `marginals` of the synthetic data, quantiles the quantiles of both
    forecasts         `forecast_scores`, or None; trivial: errors of predictors that learn nothing
    floor             the discriminative score of a judge that guesses
    rules             `validity` of the real and the synthetic data
    statics           `static_marginals`, or None
    verdicts, uses    the answers in words
    """

    real: SequenceDataset
    synthetic: SequenceDataset
    held_out: SequenceDataset | None
    scores: pd.DataFrame
    against_held_out: pd.DataFrame | None
    features: pd.DataFrame
    quantiles: pd.DataFrame
    forecasts: Forecasts | None
    trivial: dict[str, float]
    floor: float
    privacy: Privacy | None
    rules: pd.DataFrame
    statics: pd.DataFrame | None
    verdicts: list[Verdict]
    uses: pd.DataFrame
    settings: dict[str, Any]
