"""Clusters compared with the truth, as `vermeil evaluate` does it: over pairs of records, and over records (B³)."""

import csv
from collections import Counter
from typing import NamedTuple


class Accuracy(NamedTuple):
    """Each in [0, 1]."""

    precision: float
    recall: float
    f1: float
    b_cubed_f1: float


def measure(cluster_of: dict[str, str], entity_of: dict[str, str]) -> Accuracy:
    """Compares them. A record that lies in no cluster is one of its own.

    Source of B³: Bagga & Baldwin, "Entity-Based Cross-Document Coreferencing Using the Vector Space Model",
    COLING-ACL 1998.

    >>> measure({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "y", "c": "y", "d": "z"})
    Accuracy(precision=0.0, recall=0.0, f1=0.0, b_cubed_f1=0.75)
    >>> measure({"a": "1", "b": "1", "c": "1"}, {"a": "x", "b": "x", "c": "y"})._asdict()["b_cubed_f1"] == 5 / 7
    True
    """
    clusters, entities, shared = Counter(), Counter(), Counter()
    for record, entity in entity_of.items():
        # A tuple equals no cluster's name.
        cluster = cluster_of.get(record, (record,))
        clusters[cluster] += 1
        entities[entity] += 1
        shared[cluster, entity] += 1
    right = sum(map(pairs, shared.values()))
    precision = share(right, sum(map(pairs, clusters.values())))
    recall = share(right, sum(map(pairs, entities.values())))
    records = sum(entities.values())
    record_precision = sum(n * n / clusters[cluster] for (cluster, _), n in shared.items()) / records
    record_recall = sum(n * n / entities[entity] for (_, entity), n in shared.items()) / records
    return Accuracy(
        precision, recall, harmonic(precision, recall), harmonic(record_precision, record_recall)
    )


def read(file: str) -> dict[str, str]:
    """The second column by the first, without the header."""
    with open(file, newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        return {row[0]: row[1] for row in rows}


def pairs(records: int) -> int:
    return records * (records - 1) // 2


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
