"""One file a score; each takes two data sets (or one) and returns a number or a small table.

Read `fidelity` first: single values, memory, features together; `statics` is the same for static
features. Then the judges: `classifier` and `split_auc` (logistic), `discriminative`, `predictive` and
`forecasting` (networks). `diversity` and `privacy` measure distances, `attack` asks who was trained on,
`validity` counts broken rules, `ground_truth` asks where the truth is known, `projection` draws.
Taught in book/how-the-code-is-built.md.
"""
