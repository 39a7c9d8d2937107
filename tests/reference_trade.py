"""Slow twins of footprints, value added in trade, paths and decompositions: dense loops."""

from __future__ import annotations

import itertools
import math

import numpy as np


def inverse(flows, output):
    """(A, L) of flows and output; columns without output are zero."""
    scale = np.array([1.0 / v if v > 0 else 0.0 for v in output])
    coefficients = flows * scale
    return coefficients, np.linalg.inv(np.eye(len(output)) - coefficients)


def accounts(stress, inverse_matrix, final, n_regions, n_sectors):
    """D_cba, D_imp, D_exp, embodied by loops; final (N, D), the first R columns regions."""
    cba = np.zeros((n_regions, n_sectors))
    imported = np.zeros((n_regions, n_sectors))
    exported = np.zeros((n_regions, n_sectors))
    embodied = np.zeros((n_regions, final.shape[1]))
    n = n_regions * n_sectors
    for row in range(n):
        home = row // n_sectors
        for column in range(n):
            for buyer in range(final.shape[1]):
                amount = stress[row] * inverse_matrix[row, column] * final[column, buyer]
                embodied[home, buyer] += amount
                if buyer < n_regions:
                    cba[buyer, column % n_sectors] += amount
                    if buyer != home:
                        imported[buyer, column % n_sectors] += amount
                if buyer != home:
                    exported[home, row % n_sectors] += amount
    return cba, imported, exported, embodied


def shared_responsibility(stress, coefficients, output, final, share, rounds=400):
    """Kept by sellers (N,) and by buyers (D,): responsibility handed on round by round."""
    kept, bought = np.zeros(len(output)), np.zeros(final.shape[1])
    # What one money of sales carries, from the inputs of the seller and its own amount.
    carried = np.array(stress)
    for _ in range(rounds):
        carried = stress + np.array(
            [
                sum(coefficients[i, j] * share[i] * carried[i] for i in range(len(output)))
                for j in range(len(output))
            ]
        )
    for i in range(len(output)):
        kept[i] = carried[i] * (1 - share[i]) * output[i]
        bought += carried[i] * share[i] * final[i]
    return kept, bought


def blocks(n_regions, n_sectors):
    """Slices of the regions."""
    return [slice(r * n_sectors, (r + 1) * n_sectors) for r in range(n_regions)]


def exports_of(coefficients, output, final, n_regions, n_sectors):
    """Gross exports by industry and partner (N, D): final and intermediate; nothing at home."""
    out = np.array(final)
    cuts = blocks(n_regions, n_sectors)
    for s, rows in enumerate(cuts):
        for r, columns in enumerate(cuts):
            out[rows, r] += coefficients[rows, columns] @ output[columns]
            if s == r:
                out[rows, r] = 0.0
    return out


def shapley(function, base, new):
    """Mean effect of every factor over all n! orders of change, and of the product of ratios."""
    n = len(base)
    effects = [0.0] * n
    ratios = [0.0] * n
    for order in itertools.permutations(range(n)):
        state = list(base)
        before = function(*state)
        for k in order:
            state[k] = new[k]
            after = function(*state)
            effects[k] = effects[k] + (after - before) / math.factorial(n)
            ratios[k] = ratios[k] + np.log(after / before) / math.factorial(n)
            before = after
    return effects, [np.exp(r) for r in ratios]


def two_polar(function, base, new):
    """Mean of the first order and its mirror image."""
    n = len(base)
    effects = [0.0] * n
    for order in (range(n), range(n - 1, -1, -1)):
        state = list(base)
        before = function(*state)
        for k in order:
            state[k] = new[k]
            after = function(*state)
            effects[k] = effects[k] + (after - before) / 2
            before = after
    return effects


def all_paths(weights, coefficients, final, depth):
    """Every path up to a depth, (nodes from the stressor to final demand, value), by recursion."""
    found = []

    def extend(tail, flow):
        found.append((tuple(reversed(tail)), weights[tail[-1]] * flow))
        if len(tail) <= depth:
            for i in range(len(weights)):
                if coefficients[i, tail[-1]] != 0:
                    extend([*tail, i], coefficients[i, tail[-1]] * flow)

    for j in range(len(final)):
        if final[j] != 0:
            extend([j], final[j])
    return found
