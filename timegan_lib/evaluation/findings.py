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

# what the columns of `Findings.scores` are, in words that need no book, and (in brackets, at the end)
# their value for a perfect generator
SCORES = {
    "values": "how far values would have to be moved to be spread as the real ones, in real standard deviations (0)",
    "changes": "how far changes from one step to the next would have to be moved to be spread as the real ones, in "
    "real standard deviations of them (0)",
    "memory": "how well a value tells those some steps later: difference of the autocorrelations (0)",
    "memory of changes": "how well a change tells those some steps later: difference of the autocorrelations (0)",
    "together": "whether features are high and low together: difference of the correlations (0)",
    "together in changes": "whether features rise and fall together: difference of the correlations (0)",
    "mmd": "MMD: how unlike whole sequences are, squared maximum mean discrepancy (0)",
    "movement": "whether sequences move as much inside as they differ from one another: difference of the share of "
    "the variance that lies inside (0)",
    "memory of sizes": "whether large changes follow large ones: difference of the autocorrelations of sizes (0)",
    "order in time": "whether one feature follows another: difference of the correlations of a change with the next "
    "change of each other feature (0)",
    "rare changes": "whether the largest hundredth of the changes are as large: difference of their mean sizes, as "
    "a share of the larger (0)",
    "classifier": "AUC of a simple judge (logistic regression) on a few numbers about each sequence; too high, for "
    "real data too, where sequences overlap (0.5)",
    "told apart": "AUC of such a judge, asked about stretches of time that it has not learned from (0.5)",
    "by chance": "what two halves of one source exceed in one of forty cases (no best value)",
    "p-value": "how often chance alone gives as high an AUC, 0 to 1; below 0.05 is suspicious (above 0.05)",
    "discriminative": "discriminative score of the TimeGAN paper: how much more often than half a trained network "
    "is right (near 0)",
    "discriminative sd": "its standard deviation over repeats (small)",
    "guessing": "discriminative score of a judge that guesses, on as many sequences (no best value)",
    "accuracy": "how often that network is right (0.5)",
    "accuracy low": "the lower end of its 95 % interval, as if sequences were independent (below 0.5)",
    "accuracy high": "the upper end of that interval (above 0.5)",
    "judge AUC": "AUC of that network (0.5)",
    "predictive": "predictive score of the TimeGAN paper: error on real data of a forecaster trained on these (that "
    "of the copycat)",
    "predictive sd": "its standard deviation over repeats (small)",
    "forecast": "error on real held-out data of a forecaster trained on these (that of the copycat)",
    "forecast sd": "its standard deviation over repeats (small)",
    "onnd": "distance from a real sequence to the nearest of these: large where kinds are missing (small)",
    "innd": "distance from one of these to the nearest real sequence: large where they are wrong (small, but not 0)",
    "spread": "how far apart these are, as a share of how far apart real ones are; small: always the same (1)",
    "precision": "share of these that are as near to a real sequence as real ones are (that of held-out)",
    "recall": "share of real sequences that are as near to one of these (that of held-out)",
    "missed": "how far a real sequence is from the nearest of these, as a share of how far from the nearest held-out "
    "one, at equal numbers (1)",
    "nearer train": "share that is nearer to training than to held-out data: more where training data leak (0.5)",
    "membership": "AUC of guessing, by nearness to these, who was in the training data (0.5)",
    "copies": "share that are copies of training sequences (0)",
    "statics": "how far static features and length would have to be moved to be spread as the real ones (0)",
    "worst static": "the same of the one that is farthest off, since a mean hides one wrong among many (0)",
    "dependence": "difference in how sequences go with their static features (0)",
    "broken": "share of sequences that break a rule of the data (that of real data)",
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
