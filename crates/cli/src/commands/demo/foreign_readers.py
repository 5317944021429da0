"""Counts the rows of a folder's Parquet files that name any of some ids, as readers that know nothing of Vermeil.

Arguments: the folder, then the ids. Prints one JSON object, with null for a library that is not installed.
"""

import glob
import json
import sys

folder, ids = sys.argv[1], sys.argv[2:]
files = glob.glob(folder + "/**/*.parquet", recursive=True)


def with_pyarrow():
    from pyarrow import array, compute, parquet, types

    rows = 0
    for file in files:
        table = parquet.ParquetFile(file).read()
        texts = [table[field.name] for field in table.schema if types.is_string(field.type)]
        named = [compute.fill_null(compute.is_in(text, value_set=array(ids, text.type)), False) for text in texts]
        if named:
            either = named[0]
            for other in named[1:]:
                either = compute.or_(either, other)
            rows += compute.sum(either).as_py() or 0
    return rows


def with_duckdb():
    import duckdb

    rows = 0
    for file in files:
        described = duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [file]).fetchall()
        texts = ['"' + name.replace('"', '""') + '"' for name, kind, *_ in described if kind == "VARCHAR"]
        if texts:
            named = " OR ".join(f"list_contains($ids, {text})" for text in texts)
            question = f"SELECT count(*) FROM read_parquet($file) WHERE {named}"
            rows += duckdb.execute(question, {"ids": ids, "file": file}).fetchone()[0]
    return rows


def counted(reader):
    try:
        return reader()
    except ImportError:
        return None


print(json.dumps({"pyarrow": counted(with_pyarrow), "duckdb": counted(with_duckdb)}))
