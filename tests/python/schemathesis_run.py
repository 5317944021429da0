"""Tests a service against its own OpenAPI document: requests that it describes, and requests that it does not.

Arguments: the document's address and a token. Prints one JSON object: how many requests were sent and what was wrong,
each with a request that shows it. The random numbers are always the same.
"""

import json
import os
import subprocess
import sys
import tempfile

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth",
    "negative_data_rejection",
]

document, token = sys.argv[1:3]
with tempfile.TemporaryDirectory() as home:
    report = os.path.join(home, "report.json")
    ended = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", document,
         "--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS),
         "--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", "40", "--seed", "1",
         "--continue-on-failure", "--workers", "2", "--request-timeout", "20", "--no-color",
         "--generation-database", "none", "--warnings", "off", "--report", "json", "--report-json-path", report],
        cwd=home, env={**os.environ, "HOME": home, "NO_PROXY": "127.0.0.1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )
    if not os.path.exists(report):
        sys.exit(ended.stdout[-4000:] + ended.stderr[-4000:])
    told = json.load(open(report))
print(json.dumps({
    "complete": told["complete"],
    "operations": told["operations"]["tested"],
    "requests": told["test_cases"]["generated"],
    "failures": told["failures"] + told["errors"],
}))
