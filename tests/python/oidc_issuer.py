"""An issuer of OpenID Connect whose keys and words a test decides, for as long as standard input stays open.

Prints its address, then for each line it reads a token. A line is one JSON object:
  claims   what the token says; `iss`, `aud`, `sub`, `iat` and `exp` are set unless given, and left out where null
  header   what is changed in its header
  key      `current` (default), `stranger` (never published), `none` (no signature), or `public` (the published key
           used as a shared secret)
  rotate   true: the key is replaced before
  away     true: from now on it answers nothing; false: it answers again
The second word of an answer is how often its keys were asked for.
"""

import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, name):
        self.name = name
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def published(self):
        public = self.private.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name,
                "n": number(public.n), "e": number(public.e)}


class State:
    key = Key("k1")
    keys_asked = 0
    is_away = False


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if State.is_away:
            return self.send_error(503)
        if self.path == "/.well-known/openid-configuration":
            return self.tell({"issuer": address, "jwks_uri": f"{address}/keys"})
        if self.path == "/keys":
            State.keys_asked += 1
            return self.tell({"keys": [{"kty": "of another world", "kid": "x"}, State.key.published()]})
        self.send_error(404)

    def tell(self, said):
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def signature(signed, wanted):
    if wanted == "none":
        return b""
    if wanted == "public":
        secret = State.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hmac.new(secret, signed, hashlib.sha256).digest()
    key = Key("stranger") if wanted == "stranger" else State.key
    return key.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def token(wanted):
    now = int(time.time())
    claims = {"iss": address, "aud": "vermeil", "sub": "ada", "iat": now, "exp": now + 600, **wanted.get("claims", {})}
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": "RS256", "typ": "JWT", "kid": State.key.name, **wanted.get("header", {})}
    header = {name: value for name, value in header.items() if value is not None}
    signed = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"
    return f"{signed}.{base64url(signature(signed.encode(), wanted.get('key', 'current')))}"


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
address = f"http://127.0.0.1:{server.server_address[1]}"
threading.Thread(target=server.serve_forever, daemon=True).start()
print(address, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("rotate"):
        State.key = Key(f"{State.key.name}+")
    State.is_away = asked.get("away", State.is_away)
    print(token(asked), State.keys_asked, flush=True)
