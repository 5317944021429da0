"""Makes buckets and uploads files, each with one request.

Arguments: a folder. Each folder in it becomes a bucket, each file below an object of that
name. The server and its credentials come from the environment.
"""

import os
import pathlib
import sys

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT"])
for bucket in pathlib.Path(sys.argv[1]).iterdir():
    s3.create_bucket(
        Bucket=bucket.name,
        CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_REGION"]},
    )
    for file in bucket.rglob("*"):
        if file.is_file():
            s3.put_object(Bucket=bucket.name, Key=file.relative_to(bucket).as_posix(), Body=file.read_bytes())
