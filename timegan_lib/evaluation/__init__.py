"""Judge synthetic sequences against real ones. Any two SequenceDatasets or arrays (N, T, D) will do."""

from timegan_lib.evaluation.classifier import classifier_auc
from timegan_lib.evaluation.discriminative import discriminative_score
from timegan_lib.evaluation.diversity import diversity
from timegan_lib.evaluation.fidelity import (
    autocorrelation,
    autocorrelation_difference,
    correlation_difference,
    marginals,
    mmd,
    quantiles,
)
from timegan_lib.evaluation.forecasting import forecast_scores
from timegan_lib.evaluation.ground_truth import ar_parameters
from timegan_lib.evaluation.predictive import predictive_score
from timegan_lib.evaluation.privacy import privacy
from timegan_lib.evaluation.projection import project
from timegan_lib.evaluation.report import Report, evaluate
from timegan_lib.evaluation.statics import dependence_difference, static_marginals
from timegan_lib.evaluation.validity import RULES, validity

__all__ = [
    "RULES",
    "Report",
    "ar_parameters",
    "autocorrelation",
    "autocorrelation_difference",
    "classifier_auc",
    "correlation_difference",
    "dependence_difference",
    "discriminative_score",
    "diversity",
    "evaluate",
    "forecast_scores",
    "marginals",
    "mmd",
    "predictive_score",
    "privacy",
    "project",
    "quantiles",
    "static_marginals",
    "validity",
]
