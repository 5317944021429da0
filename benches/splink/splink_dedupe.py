"""Dedupes one file with Splink: `splink_dedupe.py FILE CLUSTERS PAIRS [PROBABILITY...]`.

PAIRS is the number of random pairs that u is estimated from. For each threshold, a file CLUSTERS.PROBABILITY is
written: `record_id,cluster_id`. Prints one JSON object: seconds of each stage, candidate pairs, versions.
"""

import json
import sys
import time

START = time.perf_counter()

import duckdb  # noqa: E402
import model  # noqa: E402
import splink  # noqa: E402

SEED = 1


class Stages:
    """Seconds between one call and the next, by name: of the clock, and of processors."""

    def __init__(self, start):
        self.last, self.last_processor = start, 0.0
        self.seconds, self.processor_seconds = {}, {}

    def done(self, name):
        now, processor = time.perf_counter(), time.process_time()
        self.seconds[name] = now - self.last
        self.processor_seconds[name] = processor - self.last_processor
        self.last, self.last_processor = now, processor


def main():
    file, clusters, pairs, *thresholds = sys.argv[1:]
    stages = Stages(START)
    stages.done("import")

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE customers AS {model.cleaned()}", {"file": file})
    api = splink.DuckDBAPI(connection)
    linker = splink.Linker(api.register("customers"), model.settings())
    stages.done("read")

    training = linker.training
    training.estimate_probability_two_random_records_match(
        model.DETERMINISTIC_RULES, recall=model.DETERMINISTIC_RECALL
    )
    stages.done("prior")
    training.estimate_u_using_random_sampling(max_pairs=float(pairs), seed=SEED)
    stages.done("u")
    for rule in model.TRAINING_RULES:
        training.estimate_parameters_using_expectation_maximisation(rule)
    stages.done("expectation maximisation")

    blocked = linker.inference.compute_blocked_pairs_for_predict()
    candidates = connection.execute(f"SELECT count(*) FROM {blocked.physical_name}").fetchall()[0][0]
    stages.done("block")
    lowest = min(float(threshold) for threshold in thresholds)
    scored = linker.inference.predict(threshold_match_probability=lowest)
    stages.done("score")

    for threshold in thresholds:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(
            scored, threshold_match_probability=float(threshold)
        )
        connection.execute(
            f"COPY (SELECT record_id, cluster_id FROM {found.physical_name}) TO '{clusters}.{threshold}' (HEADER)"
        )
        stages.done(f"cluster at {threshold}")

    print(
        json.dumps(
            {
                "version": f"Splink {splink.__version__}, DuckDB {duckdb.__version__}",
                "candidate_pairs": candidates,
                "stages": stages.seconds,
                "processor_stages": stages.processor_seconds,
            }
        )
    )


if __name__ == "__main__":
    main()
