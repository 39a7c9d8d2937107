"""Spatial general equilibrium in levels, cell by cell, by scipy's root finder; no shared code.

The economy is a dict of plain arrays in money (base-year prices and wages are one):
    trade[i][r][s]        value share of origin r in what s buys of product i from the country
    use[s][i][j], imported_use[s][i][j]        inputs; imported_total[s][j] not told by product
    earned[k][s][j]       value added of factor k; k = 0 is labour;  tax[s][j] taxes on inputs
    demand[s][i][c], imported_demand[s][i][c]  final use, entries below zero are stocks run down
    final_total[s]        imports for final use not told by product
    exports[r][i]         bought abroad; exports_fixed[r][i] a quantity that answers to no price
    output[r][i], population[r]
Unknown levels: price of every product at the mill, sales of every industry, the return of every
factor, population, the price of imports and the real wage that movers strive for.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import root


def ces(weights, prices, theta):
    """Price of a bundle and the value shares in it."""
    weights, prices = np.asarray(weights, float), np.asarray(prices, float)
    if theta == 0.0:
        return float(np.prod(prices**weights)), weights
    pull = weights * prices**-theta
    return float(pull.sum() ** (-1.0 / theta)), pull / pull.sum()


def solve_levels(
    economy,
    tau,
    theta,
    *,
    productivity=None,
    deficits=None,
    export_elasticity=None,
    mobility=0.0,
    foreign_numeraire=False,
):
    """Return levels: wages, prices (mill), sales, population, real spending, import price."""
    e = {name: np.asarray(value, float) for name, value in economy.items()}
    R, S = e["output"].shape
    K, C = e["earned"].shape[0], e["demand"].shape[2]
    made = np.ones((R, S)) if productivity is None else np.asarray(productivity, float)
    eta = 1.0 + np.asarray(theta) if export_elasticity is None else np.asarray(export_elasticity)
    base_income = e["earned"].sum(axis=(0, 2)) + e["tax"].sum(axis=1)
    base_spending = e["demand"].sum(axis=(1, 2)) + e["imported_demand"].sum(axis=(1, 2))
    base_spending = base_spending + e["final_total"]
    owed = base_spending - base_income if deficits is None else np.asarray(deficits, float)
    foreign_trade = ("imported_use", "imported_total", "imported_demand", "final_total", "exports")
    abroad = any(e[name].any() for name in foreign_trade)
    labour = e["earned"][0].sum(axis=1)
    rest = e["earned"][1].sum(axis=1) if K == 2 else None

    def unpack(v):
        at = 0
        p = np.exp(v[at : at + R * S]).reshape(R, S)
        at += R * S
        x = np.exp(v[at : at + R * S]).reshape(R, S) * np.maximum(e["output"], 1e-30)
        at += R * S
        w = np.exp(v[at : at + K * R]).reshape(K, R)
        at += K * R
        people = np.exp(v[at : at + R])
        return p, x, w, people, v[-2], np.exp(v[-1])

    def economy_at(v):
        p, x, w, people, strive, foreign = unpack(v)
        if not abroad:
            foreign = 1.0
        bundle, origin = np.ones((R, S)), np.zeros((S, R, R))
        for i in range(S):
            for s in range(R):
                bundle[s, i], origin[i, :, s] = ces(
                    e["trade"][i, :, s], p[:, i] * tau[i, :, s], theta[i]
                )
        wanted = np.zeros((R, S))  # money of domestic product, by place of use
        cost = np.zeros((R, S))
        for s in range(R):
            for j in range(S):
                log_cost = sum(e["earned"][k, s, j] * np.log(w[k, s]) for k in range(K))
                log_cost += e["imported_total"][s, j] * np.log(foreign)
                for i in range(S):
                    cell = e["use"][s, i, j] + e["imported_use"][s, i, j]
                    if cell == 0.0:
                        continue
                    home = e["use"][s, i, j] / cell
                    price, share = ces([home, 1 - home], [bundle[s, i], foreign], theta[i])
                    log_cost += cell * np.log(price)
                    wanted[s, i] += share[0] * cell / e["output"][s, j] * x[s, j]
                before_tax = e["output"][s, j] - e["tax"][s, j]
                cost[s, j] = np.exp(log_cost / before_tax) / made[s, j]
        income = np.zeros(R)
        for s in range(R):
            income[s] = labour[s] * w[0, s] * people[s]
            income[s] += rest[s] * w[1, s] if K == 2 else 0.0
            income[s] += sum(e["tax"][s, j] / e["output"][s, j] * x[s, j] for j in range(S))
        spent, living, old = np.zeros(R), np.zeros(R), np.zeros(R)
        for s in range(R):
            stock_value, buys = 0.0, []
            for i in range(S):
                for c in range(C):
                    home, away = e["demand"][s, i, c], e["imported_demand"][s, i, c]
                    if home < 0:
                        stock_value += home * bundle[s, i]
                        wanted[s, i] += home * bundle[s, i]
                    if away < 0:
                        stock_value += away * foreign
                    if max(home, 0) + max(away, 0) > 0:
                        buys.append((i, max(home, 0), max(away, 0)))
            old[s] = e["final_total"][s] + sum(home + away for _, home, away in buys)
            spent[s] = income[s] + owed[s] - stock_value
            log_living = e["final_total"][s] / old[s] * np.log(foreign)
            for i, home, away in buys:
                part = (home + away) / old[s]
                price, share = ces(
                    [home / (home + away), away / (home + away)], [bundle[s, i], foreign], theta[i]
                )
                log_living += part * np.log(price)
                wanted[s, i] += part * spent[s] * share[0]
            living[s] = np.exp(log_living)
        sales = np.zeros((R, S))
        for r in range(R):
            for i in range(S):
                sold = e["exports"][r, i] * p[r, i] * (p[r, i] / foreign) ** -eta[i]
                sold += e["exports_fixed"][r, i] * p[r, i]
                sales[r, i] = sold + sum(origin[i, r, s] * wanted[s, i] for s in range(R))
        return p, x, w, people, strive, foreign, cost, sales, living, spent / living / old

    def residuals(v):
        p, x, w, people, strive, _, cost, sales, living, _ = economy_at(v)
        out = [np.log(cost / p).ravel(), ((sales - x) / e["output"]).ravel()]
        for k in range(K):
            paid = (e["earned"][k] / e["output"] * x).sum(axis=1)
            supply = e["earned"][k].sum(axis=1) * w[k] * (people if k == 0 else 1.0)
            out.append(paid / supply - 1.0)
        wish = np.log(w[0] / living)
        if mobility == 0.0:
            out += [np.log(people), [strive]]
        elif np.isinf(mobility):
            out += [wish - strive, [e["population"] @ people / e["population"].sum() - 1.0]]
        else:
            out += [np.log(people) - mobility * (wish - strive)]
            out += [[e["population"] @ people / e["population"].sum() - 1.0]]
        national = sum((e["earned"][k].sum(axis=1) * w[k]) for k in range(K))
        national = national + labour * w[0] * (people - 1.0)
        if not abroad:  # one market is implied by the others
            out[1] = out[1].copy()
            out[2] = out[2].copy()
            out[2][-1] = national.sum() / e["earned"].sum() - 1.0
            out.append([v[-1]])
        elif foreign_numeraire:
            out.append([v[-1]])
        else:
            out.append([national.sum() / e["earned"].sum() - 1.0])
        return np.concatenate([np.ravel(part) for part in out])

    found = root(residuals, np.zeros(2 * R * S + K * R + R + 2), method="hybr", tol=1e-13)
    if np.abs(residuals(found.x)).max() > 1e-10:
        raise RuntimeError(f"no solution in levels: {found.message}")
    p, x, w, people, _, foreign, _, _, living, real = economy_at(found.x)
    return {
        "wages": w[0],
        "other": w[-1],
        "prices": p,
        "sales": x,
        "population": people,
        "living": living,
        "real": real,
        "foreign": foreign,
    }
