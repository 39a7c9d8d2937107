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


def koopman(coefficients, added, output, final, n_regions, n_sectors):
    """The nine terms of Koopman, Wang and Wei by loops over regions, outside buyers last."""
    cut = blocks(n_regions, n_sectors)
    B = np.linalg.inv(np.eye(len(output)) - coefficients)
    partners = final.shape[1]
    E = exports_of(coefficients, output, final, n_regions, n_sectors).sum(axis=1)
    L = [np.linalg.inv(np.eye(n_sectors) - coefficients[c, c]) for c in cut]
    out = np.zeros((n_regions, 9))
    for s, own in enumerate(cut):
        V = added[own]
        # closed world: everything in the columns of B that is not of s
        foreign = 1.0 - V @ B[own, own]
        for r in range(partners):
            if r == s:
                continue
            out[s, 0] += V @ B[own, own] @ final[own, r]
            out[s, 6] += foreign @ final[own, r]
            if r >= n_regions:
                continue
            there = cut[r]
            A = coefficients[own, there]
            out[s, 1] += V @ B[own, there] @ final[there, r]
            for t in range(partners):
                if t not in (s, r):
                    out[s, 2] += V @ B[own, there] @ final[there, t]
            out[s, 3] += V @ B[own, there] @ final[there, s]
            back = V @ B[own, there] @ coefficients[there, own] @ L[s]
            out[s, 4] += back @ final[own, s]
            out[s, 5] += back @ E[own]
            out[s, 7] += foreign @ A @ L[r] @ final[there, r]
            out[s, 8] += foreign @ A @ L[r] @ E[there]
    return out


def wang(coefficients, added, output, final, n_regions, n_sectors):
    """The sixteen terms of Wang, Wei and Zhu (16, R, S, R) in a closed world, by their formula."""
    cut = blocks(n_regions, n_sectors)
    B = np.linalg.inv(np.eye(len(output)) - coefficients)
    L = [np.linalg.inv(np.eye(n_sectors) - coefficients[c, c]) for c in cut]
    E = exports_of(coefficients, output, final, n_regions, n_sectors).sum(axis=1)
    out = np.zeros((16, n_regions, n_sectors, n_regions))

    def b(r, t):
        return B[cut[r], cut[t]]

    def y(t, u):
        return final[cut[t], u]

    def others(*without):
        return [t for t in range(n_regions) if t not in without]

    zero = np.zeros(n_sectors)
    for s in range(n_regions):
        for r in others(s):
            A, V = coefficients[cut[s], cut[r]], added[cut[s]]
            short, whole = V @ L[s], V @ b(s, s)
            partner = added[cut[r]] @ b(r, s)
            third = sum((added[cut[t]] @ b(t, s) for t in others(s, r)), zero)
            parts = [
                b(r, r) @ y(r, r),
                sum((b(r, t) @ y(t, t) for t in others(s, r)), zero),
                b(r, r) @ sum((y(r, t) for t in others(s, r)), zero),
                sum((b(r, t) @ y(t, u) for t in others(s, r) for u in others(s, t)), zero),
                b(r, r) @ y(r, s),
                sum((b(r, t) @ y(t, s) for t in others(s, r)), zero),
                b(r, s) @ y(s, s),
                b(r, s) @ sum((y(s, t) for t in others(s)), zero),
            ]
            out[0, s, :, r] = whole * y(s, r)
            for k, part in enumerate(parts):
                out[1 + k, s, :, r] = short * (A @ part)
            out[9, s, :, r] = (whole - short) * (A @ output[cut[r]])
            local, again = L[r] @ y(r, r), L[r] @ E[cut[r]]
            for k, share in ((10, partner), (13, third)):
                out[k, s, :, r] = share * y(s, r)
                out[k + 1, s, :, r] = share * (A @ local)
                out[k + 2, s, :, r] = share * (A @ again)
    return out


def borin(coefficients, added, output, final, n_regions, n_sectors, sink):
    """DVA, REF, DDC, FVA, FDC (5, R, S, D) from the inverse without each region's input exports."""
    cut = blocks(n_regions, n_sectors)
    n, partners = len(output), final.shape[1]
    B = np.linalg.inv(np.eye(n) - coefficients)
    sales = exports_of(coefficients, output, final, n_regions, n_sectors)
    out = np.zeros((5, n_regions, n_sectors, partners))
    for s, own in enumerate(cut):
        closed = np.array(coefficients)
        for t, columns in enumerate(cut):
            if t != s:
                closed[own, columns] = 0.0
        without = np.linalg.inv(np.eye(n) - closed)
        outsiders = np.array(added)
        outsiders[own] = 0.0
        # imports from abroad, taxes and the rest count as foreign here: all but s in a column of B
        foreign = 1.0 - coefficients.sum(axis=0) - added + outsiders
        first = added[own] @ without[own, own], foreign @ without[:, own]
        last = added[own] @ B[own, own], foreign @ B[:, own]
        total = sales[own].sum(axis=1)
        for r in range(partners):
            if r == s:
                continue
            sold, once, home = sales[own, r], sales[own, r], np.zeros(n_sectors)
            if r < n_regions:
                A = coefficients[own, cut[r]]
                if sink:
                    once = sold - A @ without[cut[r], own] @ total
                    home = A @ (without @ final[:, s])[cut[r]]
                    # what s itself sells finally elsewhere is no home demand: final[:, s] is all
                else:
                    home = A @ (B @ final[:, s])[cut[r]]
            kept, others = last if sink else first
            out[0, s, :, r] = kept * once
            out[1, s, :, r] = kept * home
            out[2, s, :, r] = last[0] * sold - kept * once
            out[3, s, :, r] = others * once
            out[4, s, :, r] = last[1] * sold - others * once
    return out
