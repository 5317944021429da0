"""An S3 server in memory, for as long as its standard input stays open.

Prints the port it listens on, on 127.0.0.1, once it answers. The input closes with the
program that holds it, however that program ends: no server outlives its tests.
"""

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
