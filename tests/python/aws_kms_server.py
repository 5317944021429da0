"""A stand-in for AWS KMS in memory, for as long as this program's standard input stays open.

Prints one JSON object once it answers: its port on 127.0.0.1 and an access key, whose
signatures it checks as botocore makes them. For each line it reads it forgets every key,
as the real one never would, and prints an empty line.
"""

import json
import sys

import boto3
from moto import settings
from moto.kms.models import kms_backends
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
iam = boto3.client(
    "iam", endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-west-3",
    aws_access_key_id="nobody", aws_secret_access_key="nobody",
)
iam.create_user(UserName="vermeil")
statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
iam.put_user_policy(UserName="vermeil", PolicyName="keys", PolicyDocument=policy)
key = iam.create_access_key(UserName="vermeil")["AccessKey"]
# From here on nobody is let in without a signature.
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

print(json.dumps({
    "port": port, "access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"],
}), flush=True)
for _ in sys.stdin:
    # Resetting the backend would forget the access key as well.
    for regions in kms_backends.values():
        for backend in regions.values():
            backend.keys.clear()
    print(flush=True)
