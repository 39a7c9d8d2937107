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

Product code does not know that it is measured.
"""
