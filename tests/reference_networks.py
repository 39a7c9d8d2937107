"""Slow twin of the skims: plain Python over rows, one state at a time, nothing from the project.

A state of a transit trip is one of
("in", stop), ("out", stop), ("walk", node) and ("aboard", stop, line); rows are dicts.
"""

import heapq
import math

GROUPS = {
    "passenger": {
        "road": ("road", "ferry"),
        "rail": ("rail_conventional", "rail_hsr"),
        "air": ("air",),
    },
    "freight": {"road": ("road", "ferry"), "rail": ("rail_conventional",)},
}
STREET = ("road", "ferry", "access")
ZERO = (0.0,) * 8  # km, money, in_vehicle, access, wait, transfer, transfers, egress


def plus(a, b):
    return tuple(x + y for x, y in zip(a, b, strict=True))


def value(table, name, mode, purpose, default=None):
    for key in ((name, mode, purpose), (name, mode, ""), (name, "", purpose), (name, "", "")):
        if key in table:
            return table[key]
    if default is None:
        raise KeyError(name)
    return default


def weigh(parts, prices):
    return sum(p * w for p, w in zip(parts, prices, strict=True))


def price_vector(table, purpose, by):
    if by == "minutes":
        return (0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0)
    hour = {"passenger": "value_of_time", "freight": "value_of_tonne_hour"}[purpose]
    vot = value(table, hour, "", purpose) / 60.0
    w = {
        k: vot * value(table, f"weight_{k}", "", purpose)
        for k in ("in_vehicle", "access", "wait", "transfer")
    }
    return (0.0, 1.0, w["in_vehicle"], w["access"], w["wait"], w["transfer"], 0.0, w["access"])


def one_way(links, table, purpose):
    """Directed arcs as dicts with start, end, mode, line, km, money, minutes, wait."""
    arcs = []
    for key, link in links.items():
        mode = link["mode"]
        if mode not in STREET and mode not in [m for g in GROUPS[purpose].values() for m in g]:
            continue
        minutes = link["minutes"] * value(table, "time_factor", mode, purpose)
        rate = {"passenger": "fare_per_km", "freight": "freight_per_km"}[purpose]
        money = link["km"] * value(table, rate, mode, purpose)
        if purpose == "freight":
            money *= link["freight_factor"]
            minutes *= link["freight_factor"]
        elif not math.isnan(link["money"]):
            money = link["money"]
        wait = 0.0
        if mode not in STREET:
            main = "air" if mode == "air" else "rail"
            trains = link["trains_per_day"]
            wait = value(table, "wait_unknown", main, purpose)
            if not math.isnan(trains):
                hours = value(table, "service_hours", main, purpose)
                wait = value(table, "wait_share", main, purpose) * 60.0 * hours / trains
            wait = min(wait, value(table, "wait_cap", main, purpose))
        line = (mode, link["line"]) if link["line"] else (mode, "", key)
        ends = [(link["from_node"], link["to_node"])]
        if link["bidirectional"]:
            ends.append((link["to_node"], link["from_node"]))
        for start, end in ends:
            arcs.append(
                {
                    "start": start,
                    "end": end,
                    "mode": mode,
                    "line": line,
                    "km": link["km"],
                    "money": money,
                    "minutes": minutes,
                    "wait": wait,
                }
            )
    return arcs


def dijkstra(sources, step, prices):
    """Least weight and parts of every state reached; ``step(state)`` yields (state, parts)."""
    heap, best, count = [], {}, 0
    for state, parts in sources:
        heapq.heappush(heap, (weigh(parts, prices), count, state, parts))
        count += 1
    while heap:
        weight, _, state, parts = heapq.heappop(heap)
        if state in best:
            continue
        best[state] = (weight, parts)
        for after, more in step(state):
            if after not in best:
                heapq.heappush(
                    heap, (weight + weigh(more, prices), count, after, plus(parts, more))
                )
                count += 1
    return best


def drive(arcs, reverse=False, closed=(), home=None):
    """Steps by road; nodes in ``closed`` end a trip, but for the one where it begins."""
    out = {}
    for a in arcs:
        start, end = (a["end"], a["start"]) if reverse else (a["start"], a["end"])
        parts = (a["km"], a["money"], a["minutes"], 0.0, 0.0, 0.0, 0.0, 0.0)
        out.setdefault(start, []).append((end, parts))
    return lambda node: [] if node in closed and node != home else out.get(node, [])


def ends_of_trip(table, mode, purpose, in_place):
    way = value(table, "access_minutes", mode, purpose, 0.0) if in_place else 0.0
    before = way + value(table, "before_minutes", mode, purpose, 0.0)
    loading = value(table, "fixed_money", mode, purpose, 0.0)
    after = way + value(table, "after_minutes", mode, purpose, 0.0)
    return (0.0, loading, 0.0, before, 0.0, 0.0, 0.0, 0.0), (*ZERO[:7], after)


def stop_legs(zone, arcs, stops, table, mode, purpose, prices, reverse, closed):
    """Parts of the way between a zone and every stop within the access limit."""
    step = drive(arcs, reverse, closed, zone)
    fastest = dijkstra([(zone, ZERO)], step, (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    cheapest = dijkstra([(zone, ZERO)], step, (*prices[:2], prices[3], *prices[3:]))
    limit = value(table, "access_limit", mode, purpose)
    legs = {}
    for stop in stops:
        if stop in fastest and fastest[stop][1][2] <= limit:
            km, money, minutes = cheapest[stop][1][:3]
            legs[stop] = (km, money, minutes)
    return legs


def skim_mode(nodes, links, table, main, purpose="passenger", by="cost", ends="door"):
    """Return {(origin, destination): (weight, parts)} for one main mode, own places left out."""
    prices = price_vector(table, purpose, by)
    arcs = one_way(links, table, purpose)
    street = [a for a in arcs if a["mode"] in STREET]
    ridden = [a for a in arcs if a["mode"] in GROUPS[purpose][main]]
    zones = [k for k, n in nodes.items() if n["kind"] == "place"]
    closed = {k for k, n in nodes.items() if n["no_pass"]}
    result = {}
    if main == "road":
        before, after = ends_of_trip(table, "road", purpose, True)
        if ends == "stop":
            before = after = ZERO
        for origin in zones:
            found = dijkstra([(origin, before)], drive(ridden, False, closed, origin), prices)
            for zone in zones:
                if zone in found:
                    weight, parts = found[zone]
                    result[origin, zone] = (weight + weigh(after, prices), plus(parts, after))
        return result
    stops = {a["start"] for a in ridden} | {a["end"] for a in ridden}
    walks = {}
    for a in street:
        if a["mode"] == "access":
            parts = (a["km"], a["money"], 0.0, 0.0, 0.0, a["minutes"], 0.0, 0.0)
            walks.setdefault(a["start"], []).append((a["end"], parts))
            walks.setdefault(a["end"], [])
    if len(stops & set(walks)) < 2:
        walks = {}
    change = value(table, "transfer_minutes", main, purpose)
    from_stop = {}
    for a in ridden:
        from_stop.setdefault(a["start"], []).append(a)

    def step(state):
        kind, node = state[0], state[1]
        if kind == "out" and node in walks:
            yield ("walk", node), ZERO
        if kind == "walk":
            for end, parts in walks[node]:
                yield ("walk", end), parts
        if kind == "aboard":
            yield ("out", node), ZERO
        for a in from_stop.get(node, []):
            run = (a["km"], a["money"], a["minutes"], 0.0, 0.0, 0.0, 0.0, 0.0)
            there = ("aboard", a["end"], a["line"])
            if kind == "aboard" and state[2] == a["line"] and len(a["line"]) == 2:
                yield there, run
            elif kind == "in":
                first = a["wait"] if ends == "door" else 0.0
                yield there, plus(run, (0.0, 0.0, 0.0, 0.0, first, 0.0, 0.0, 0.0))
            elif kind == "walk" or (kind == "out" and node not in walks):
                yield there, plus(run, (0.0, 0.0, 0.0, 0.0, a["wait"], change, 1.0, 0.0))

    arriving = {}
    for zone in zones:
        if ends == "door":
            legs = stop_legs(zone, street, stops, table, main, purpose, prices, True, closed)
            for stop, (km, money, minutes) in legs.items():
                _, after = ends_of_trip(table, main, purpose, nodes[stop]["kind"] == "place")
                leg = (km, money, 0.0, 0.0, 0.0, 0.0, 0.0, minutes)
                arriving.setdefault(zone, []).append((stop, plus(leg, after)))
        else:
            own = [s for s in stops if s == zone or nodes[s]["parent"] == zone]
            arriving[zone] = [(s, ZERO) for s in own]
    for origin in zones:
        if ends == "door":
            sources = []
            legs = stop_legs(origin, street, stops, table, main, purpose, prices, False, closed)
            for stop, (km, money, minutes) in legs.items():
                before, _ = ends_of_trip(table, main, purpose, nodes[stop]["kind"] == "place")
                leg = (km, money, 0.0, minutes, 0.0, 0.0, 0.0, 0.0)
                sources.append((("in", stop), plus(leg, before)))
        else:
            sources = [(("in", s), ZERO) for s, _ in arriving[origin]]
        found = dijkstra(sources, step, prices)
        for zone in zones:
            options = [
                (found["out", stop][0] + weigh(leg, prices), plus(found["out", stop][1], leg))
                for stop, leg in arriving.get(zone, [])
                if ("out", stop) in found
            ]
            if options:
                result[origin, zone] = min(options)
    return result
