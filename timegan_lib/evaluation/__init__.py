"""Judge synthetic data against real data. Any two SequenceDatasets will do."""

from timegan_lib.evaluation.marginals import Report, evaluate

__all__ = ["Report", "evaluate"]
