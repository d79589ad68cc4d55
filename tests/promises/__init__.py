"""The numerical promises of this site, one file each.

- ``test_probabilities``: probabilities of all responses sum to 1 within 1e-12, and a KL is never below 0.
- ``test_margins``: each loss falls as the margin grows, but for those that must not, with the reason.
- ``test_formulas``: every loss equals the formula of its paper, its gradient too.
- ``test_gradients``: gradients of training equal difference quotients.
- ``test_optimum``: no policy beats pi* on its objective, neither at random nor by gradient ascent.
- ``test_shifts``: adding f(x) to the rewards of a prompt changes nothing.
- ``test_same_bytes``: one address gives the same bytes in two processes.

Promises that are tested elsewhere:

- no policy lies above the frontier, and exact best-of-N is what enumerating all draws gives:
  tests/lab/test_optimum.py;
- exact log-probabilities are those of the plain network, and samples follow them: tests/lab/test_policy.py;
- the gradient of DPO is that of section 4 of the paper: tests/api/test_preference_loss.py;
- every number of every result is finite: tests/api/test_every_params.py; extremes are right to the last
  digits: tests/lab/test_extremes_losses.py and tests/widgets/test_extremes.py.
"""
