"""Reads Delta tables with the `deltalake` package and prints what it sees, as one JSON object.

Arguments: folders or URLs of tables. Options of object stores come from the environment.
For each table: rows, distinct values of its id columns, the columns its log keeps
statistics of, and the operations of its history with their parameters.
"""

import json
import sys

import pyarrow
import pyarrow.compute
from deltalake import DeltaTable


def seen(uri):
    delta = DeltaTable(uri)
    rows = delta.to_pyarrow_table()
    kept = pyarrow.table(delta.get_add_actions(flatten=True))
    statistics = {
        name.split(".", 1)[1]
        for name in kept.column_names
        if name.split(".", 1)[0] in ("min", "max", "null_count") and kept[name].null_count < len(kept)
    }
    return {
        "rows": rows.num_rows,
        "distinct": {
            name: pyarrow.compute.count_distinct(rows[name]).as_py()
            for name in rows.column_names
            if name.endswith("_id")
        },
        "statistics": sorted(statistics),
        "history": [
            {"operation": entry["operation"], "parameters": sorted(entry.get("operationParameters", {}))}
            for entry in delta.history()
        ],
    }


print(json.dumps({uri: seen(uri) for uri in sys.argv[1:]}))
