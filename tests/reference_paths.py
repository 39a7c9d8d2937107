"""Slow twin of the path engines: plain Python over arcs, nothing from the project."""

import heapq

import numpy as np


def least_from(size, tails, heads, weights, origin):
    """Weights from one node to all, by Dijkstra over lists."""
    leaving = [[] for _ in range(size)]
    for tail, head, weight in zip(tails, heads, weights, strict=True):
        leaving[tail].append((head, weight))
    found = [float("inf")] * size
    found[origin] = 0.0
    heap = [(0.0, origin)]
    while heap:
        reach, node = heapq.heappop(heap)
        if reach > found[node]:
            continue
        for head, weight in leaving[node]:
            if reach + weight < found[head]:
                found[head] = reach + weight
                heapq.heappush(heap, (reach + weight, head))
    return found


def all_pairs(size, tails, heads, weights, origins=None):
    """Weights from some nodes, or all, to all."""
    rows = range(size) if origins is None else origins
    return np.array([least_from(size, tails, heads, weights, k) for k in rows]).reshape(-1, size)
