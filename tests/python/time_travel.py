"""Looks for an id in every version of Delta tables that can still be loaded, and prints what it finds.

Arguments: the id, then folders of tables. For each table: in how many versions rows hold the id
in any column of text, and how many versions are refused.
"""

import json
import sys

import pyarrow
import pyarrow.compute
from deltalake import DeltaTable


def holds(table, wanted):
    texts = [name for name in table.column_names if pyarrow.types.is_string(table[name].type) or pyarrow.types.is_large_string(table[name].type)]
    return any(pyarrow.compute.any(pyarrow.compute.equal(table[name], wanted)).as_py() for name in texts)


def seen(uri, wanted):
    rows, refused = 0, 0
    for version in range(DeltaTable(uri).version() + 1):
        try:
            rows += holds(DeltaTable(uri, version=version).to_pyarrow_table(), wanted)
        except Exception:
            refused += 1
    return {"rows": rows, "refused": refused}


print(json.dumps({uri: seen(uri, sys.argv[1]) for uri in sys.argv[2:]}))
