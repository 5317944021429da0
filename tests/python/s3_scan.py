"""Looks for values in every object of buckets: in names, bytes and decoded content.

Arguments: buckets. Standard input: the values, as a JSON list. Prints, as a JSON object a
bucket, how many objects and Parquet rows were read and where which value was found (its
place in the list, not the value).
"""

import io
import json
import os
import sys

import boto3
import pyarrow.parquet


def texts(value):
    """Every text in a decoded value, that of JSON inside JSON included."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from texts(key)
            yield from texts(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from texts(member)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
        yield value.decode("latin-1")
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                yield from texts(json.loads(value))
            except ValueError:
                pass
    elif value is not None:
        yield str(value)


class Bucket:
    def __init__(self, name, values):
        self.values = [value.lower() for value in values]
        self.objects = self.parquet_rows = 0
        self.found = []
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
        for entry in (entry for page in pages for entry in page.get("Contents", [])):
            self.objects += 1
            self.scan(entry["Key"], s3.get_object(Bucket=name, Key=entry["Key"])["Body"].read())

    def scan(self, name, content):
        self.look(name, "name", name)
        self.look(name, "bytes", content)
        if content[:4] == b"PAR1" == content[-4:]:
            file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
            self.look(name, "footer", repr(file.metadata.metadata) + repr(file.metadata.to_dict()))
            table = file.read()
            self.parquet_rows += table.num_rows
            for column in table.column_names:
                self.look(name, f"column {column}", table[column].to_pylist())
        elif name.endswith(".json"):
            self.look(name, "json", [json.loads(line) for line in content.decode().splitlines()])

    def look(self, name, place, content):
        content = "\n".join(texts(content)).lower()
        for number, value in enumerate(self.values):
            if value in content:
                self.found.append({"object": name, "place": place, "value": number})


s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT"])
values = json.load(sys.stdin)
buckets = {name: Bucket(name, values) for name in sys.argv[1:]}
print(json.dumps({
    name: {"objects": bucket.objects, "parquet_rows": bucket.parquet_rows, "found": bucket.found}
    for name, bucket in buckets.items()
}))
