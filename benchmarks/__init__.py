"""Benchmarks: how fast and how large, beside the peers, on this machine.

Run with `python -m benchmarks` (`--help` says how). The rooms:

    case        what a case is: sizes, severities, actors (we and the peers), bars
    registry    the families of cases; names are unique
    cases_*     one family each
    systems     Leontief systems as every actor wants them; tasks: which right-hand sides
    actors      hinterland and the peers on one task
    child       one case in a fresh process: cold, warm, peak memory, answer
    machine     what the machine can do: bandwidth and matrix-multiply rate
    runner      starts the children, compares answers, judges bars
    render      results as Markdown; compare: two results beside each other

pymrio is the optional extra `bench`. MARIO (`mariopy`) asks for versions of numpy and pandas of its
own: install it and hinterland in an environment apart and run `python -m benchmarks --case
'explicit/*'` there. A peer that is not installed is left out, with the reason in the results.

Product code does not know that it is measured.
"""
