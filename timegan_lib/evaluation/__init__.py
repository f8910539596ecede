"""The room of judgment. In: any two SequenceDatasets or arrays (N, T, D). Out: scores, and one report.

Read `inputs` (what the scores see), `exchange` (which sides could be exchanged), `scores/` (one file a
score; those that train a network use `judge` and are cut into `work` for several cores, a ratio of their errors
has an `interval`, those that compare whole sequences use `distances`, and `validity` reads `rules`),
`companions` and `candidates` (what stands beside the synthetic data, and what each is asked), `verdicts` (by
`limits`; `settled` over several samples), and `report` (all of it), which keeps `findings` and shows them on a
`page` (its `wording`, `pictures`, tables in `own_units`, and `layout`); `pace` says how long it will take,
`budget` at which stage of a model a fault comes in, `spread` whether trainings or judges make scores differ.
Knows nothing of how the data were made.
Taught in book/how-the-code-is-built.md.
"""

from timegan_lib.evaluation.budget import error_budget
from timegan_lib.evaluation.report import Report, evaluate
from timegan_lib.evaluation.scores.attack import planted
from timegan_lib.evaluation.scores.classifier import classifier_auc
from timegan_lib.evaluation.scores.context_fid import context_fid
from timegan_lib.evaluation.scores.coverage import coverage
from timegan_lib.evaluation.scores.discriminative import discriminative_score
from timegan_lib.evaluation.scores.diversity import diversity
from timegan_lib.evaluation.scores.dynamics import (
    inside_memory,
    inside_memory_difference,
    inside_share,
    inside_share_difference,
)
from timegan_lib.evaluation.scores.fidelity import (
    autocorrelation,
    autocorrelation_difference,
    correlation_difference,
    marginals,
    mmd,
    quantiles,
)
from timegan_lib.evaluation.scores.forecasting import forecast_scores
from timegan_lib.evaluation.scores.ground_truth import ar_parameters
from timegan_lib.evaluation.scores.horizon import horizon_errors
from timegan_lib.evaluation.scores.lead_lag import lead_lag, lead_lag_difference
from timegan_lib.evaluation.scores.predictive import predictive_score
from timegan_lib.evaluation.scores.privacy import privacy
from timegan_lib.evaluation.scores.projection import project
from timegan_lib.evaluation.scores.split_auc import split_auc
from timegan_lib.evaluation.scores.statics import dependence_difference, static_marginals
from timegan_lib.evaluation.scores.tails import tail_difference, tails
from timegan_lib.evaluation.scores.two_sample import mmd_test, told_apart
from timegan_lib.evaluation.scores.validity import RULES, validity
from timegan_lib.evaluation.spread import Spread, spread_of_means, spread_shares

__all__ = [
    "RULES",
    "Report",
    "Spread",
    "ar_parameters",
    "autocorrelation",
    "autocorrelation_difference",
    "classifier_auc",
    "context_fid",
    "correlation_difference",
    "coverage",
    "dependence_difference",
    "discriminative_score",
    "diversity",
    "error_budget",
    "evaluate",
    "forecast_scores",
    "horizon_errors",
    "inside_memory",
    "inside_memory_difference",
    "inside_share",
    "inside_share_difference",
    "lead_lag",
    "lead_lag_difference",
    "marginals",
    "mmd",
    "mmd_test",
    "planted",
    "predictive_score",
    "privacy",
    "project",
    "quantiles",
    "split_auc",
    "spread_of_means",
    "spread_shares",
    "static_marginals",
    "tail_difference",
    "tails",
    "told_apart",
    "validity",
]
