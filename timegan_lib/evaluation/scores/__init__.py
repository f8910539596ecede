"""One file a score; each takes two data sets (or one) and returns a number or a small table.

Read `fidelity` first: single values, memory, features together; `statics` is the same for static
features. Then what it does not see: `dynamics` (movement inside windows), `lead_lag` (one feature after
another, time's direction), `tails` (rare changes). Then the judges: `two_sample`, `classifier` and
`split_auc` (linear), `discriminative`, `predictive` and `forecasting` (networks), `horizon` (linear, many
steps ahead); `context_fid` goes by a name that papers print. `diversity`, `coverage` and `privacy` measure
distances, `attack` asks who was trained on, `validity` counts broken rules, `ground_truth` asks where the
truth is known, `projection` draws.
Taught in book/how-the-code-is-built.md.
"""
