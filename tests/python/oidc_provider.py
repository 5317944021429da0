"""A provider of OpenID Connect by others, for as long as standard input stays open.

Prints one JSON object: its address, and an ID token that `ada` got through the authorisation code flow as the client
`vermeil`, with the claim `role` of the first argument.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from oidc_provider_mock import User, run_server_in_thread


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def post(address, form):
    request = urllib.request.Request(address, data=urllib.parse.urlencode(form).encode(), method="POST")
    try:
        return opener.open(request, timeout=20)
    except urllib.error.HTTPError as answer:
        return answer


claims = {"role": sys.argv[1]} if len(sys.argv) > 1 else {}
with run_server_in_thread(user_claims=[User(sub="ada", claims=claims)]) as server:
    issuer = f"http://localhost:{server.server_port}"
    said = json.load(opener.open(f"{issuer}/.well-known/openid-configuration", timeout=20))
    asked = urllib.parse.urlencode({
        "response_type": "code", "client_id": "vermeil", "redirect_uri": "http://localhost/callback",
        "scope": "openid", "state": "s", "nonce": "n",
    })
    answer = post(f"{said['authorization_endpoint']}?{asked}", {"sub": "ada"})
    code = urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["Location"]).query)["code"][0]
    answer = post(said["token_endpoint"], {
        "grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/callback",
        "client_id": "vermeil", "client_secret": "any",
    })
    print(json.dumps({"issuer": issuer, "id_token": json.load(answer)["id_token"]}), flush=True)
    sys.stdin.read()
