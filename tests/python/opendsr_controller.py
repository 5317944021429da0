"""Another controller: an authority, a certificate of RSA and its key, and an address at which it is told of changes.

Prints one JSON object: PEM and the address. Then, for each line of standard input, a JSON object with a signature and a
body (both in base64), whether the certificate's key made it; for an empty line, what it was told so far, each with
whether the signature holds. The first telling is refused, so that it has to come again.
"""

import base64
import datetime
import http.server
import json
import sys
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(subject, public, issuer, by, ca):
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(NOW - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(NOW + datetime.timedelta(days=2))
    return builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True).sign(by, hashes.SHA256())


def pem(part):
    return part.public_bytes(serialization.Encoding.PEM).decode()


authority_key, own_key = key(), key()
authority = signed("Test Authority", authority_key.public_key(), "Test Authority", authority_key, True)
own = signed("privacy.shop.example", own_key.public_key(), "Test Authority", authority_key, False)
own.verify_directly_issued_by(authority)
private = own_key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def holds(signature, body):
    try:
        own.public_key().verify(base64.b64decode(signature, validate=True), body, padding.PKCS1v15(), hashes.SHA256())
        return True
    except (InvalidSignature, ValueError):
        return False


told = []


class Told(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = self.headers.get("X-OpenDSR-Signature", "")
        if self.path == "/elsewhere":
            self.send_response(307)
            self.send_header("Location", "/told")
            self.end_headers()
            return
        told.append({"signed": holds(signature, body), "domain": self.headers.get("X-OpenDSR-Processor-Domain"),
                     "body": json.loads(body)})
        self.send_response(503 if len(told) <= 1 else 202)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Told)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"certificate": pem(own) + pem(authority), "key": private, "port": server.server_port}), flush=True)
for line in sys.stdin:
    if line.strip():
        asked = json.loads(line)
        print(json.dumps(holds(asked["signature"], base64.b64decode(asked["body"]))), flush=True)
    else:
        print(json.dumps(told), flush=True)
