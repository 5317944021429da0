"""Copies a CSV file to Parquet with DuckDB and prints what it took, as one JSON object.

Arguments: the CSV file, the Parquet file to write. The time covers the copy alone, not
the start of Python.
"""

import json
import os
import sys
import time

import duckdb


def quoted(path):
    return "'" + path.replace("'", "''") + "'"


source, target = sys.argv[1:3]
database = duckdb.connect()
# It would be drawn onto standard output, between the figures.
database.execute("SET enable_progress_bar = false")
started = time.perf_counter()
database.execute(f"COPY (SELECT * FROM read_csv({quoted(source)})) TO {quoted(target)} (FORMAT parquet)")
seconds = time.perf_counter() - started
(rows,) = database.execute(f"SELECT count(*) FROM read_parquet({quoted(target)})").fetchone()
(threads,) = database.execute("SELECT current_setting('threads')").fetchone()
print(json.dumps({
    "version": duckdb.__version__,
    "threads": threads,
    "seconds": seconds,
    "rows": rows,
    "bytes": os.path.getsize(target),
}))
