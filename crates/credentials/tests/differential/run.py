"""Mints tokens with PyJWT, joserfc and npm's jose, alters them, and asks all three and Corsac."""

import argparse
import base64
import json
import os
import random
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import jwt
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

HERE = Path(__file__).resolve().parent
ISSUER, AUDIENCE = "https://id.example.com", "https://api.example.com"
# The times of the tokens that are kept, so that normal tests can judge them for ever.
KEPT_NOW = 1_800_000_000
ALGORITHMS = {
    "RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
    "ES256": "p256", "ES384": "p384", "EdDSA": "ed25519",
}


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_keys():
    """One private key an algorithm, as a JWK; its `kid` is the algorithm."""
    keys = {}
    for alg, kind in ALGORITHMS.items():
        if kind == "rsa":
            key = joserfc_jwk.RSAKey.generate_key(2048)
        elif kind == "ed25519":
            key = joserfc_jwk.OKPKey.generate_key("Ed25519")
        else:
            key = joserfc_jwk.ECKey.generate_key({"p256": "P-256", "p384": "P-384"}[kind])
        keys[alg] = {**key.as_dict(private=True), "kid": alg, "alg": alg, "use": "sig"}
    return keys


def public(jwk):
    return {name: value for name, value in jwk.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}


def claims_at(now):
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now - 10, "nbf": now - 10, "exp": now + 600,
            "scope": "read write", "roles": ["editor"], "name": "Ada Lovelace, née Byron"}


class Peers:
    def __init__(self, keys, node):
        self.keys, self.node = keys, node
        self.pyjwt = {alg: jwt.PyJWK(key).key for alg, key in keys.items()}
        self.pyjwt_public = {alg: jwt.PyJWK(public(key)).key for alg, key in keys.items()}
        self.joserfc = {alg: joserfc_jwk.import_key(key) for alg, key in keys.items()}
        self.joserfc_set = joserfc_jwk.KeySet([joserfc_jwk.import_key(public(key)) for key in keys.values()])

    def ask_node(self, task):
        run = subprocess.run(["node", str(HERE / "peer.mjs")], input=json.dumps(task), cwd=self.node,
                             capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    def mint(self, now):
        claims, tokens = claims_at(now), []
        for alg in ALGORITHMS:
            tokens.append(("PyJWT", alg, jwt.encode(claims, self.pyjwt[alg], alg, headers={"kid": alg})))
            header = {"alg": alg, "kid": alg, "typ": "JWT"}
            minted = joserfc_jwt.encode(header, claims, self.joserfc[alg], algorithms=list(ALGORITHMS))
            tokens.append(("joserfc", alg, minted))
        keys = [{"jwk": key, "alg": alg} for alg, key in self.keys.items()]
        minted = self.ask_node({"private_keys": keys, "claims": claims})
        return tokens + [("jose", entry["alg"], entry["token"]) for entry in minted]

    def sign(self, alg, header, payload):
        """Signs two segments as they are written."""
        signed = f"{header}.{payload}".encode()
        algorithm = jwt.algorithms.get_default_algorithms()[alg]
        return f"{signed.decode()}.{b64(algorithm.sign(signed, self.pyjwt[alg]))}"

    def pyjwt_accepts(self, token):
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            jwt.decode(token, self.pyjwt_public[kid], algorithms=[kid], issuer=ISSUER, audience=AUDIENCE,
                       leeway=30, options={"require": ["exp", "iss", "aud", "sub"], "verify_iat": True})
            return True
        except Exception:
            return False

    def joserfc_accepts(self, token, now):
        required = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": AUDIENCE},
                    "exp": {"essential": True}, "sub": {"essential": True}}
        try:
            read = joserfc_jwt.decode(token, self.joserfc_set, algorithms=list(ALGORITHMS))
            joserfc_jwt.JWTClaimsRegistry(now=now, leeway=30, **required).validate(read.claims)
            return True
        except Exception:
            return False


def alter_claims(random_, claims, now):
    """One change that a forger, a clock or a careless issuer may make."""
    name = random_.choice(["iss", "aud", "sub", "exp", "nbf", "iat"])
    away = random_.choice([-3600, -300, 120, 3600, 10**8])
    values = {
        "iss": [ISSUER + "/", "", None, [ISSUER]],
        "aud": [AUDIENCE + "/", [], [AUDIENCE], ["x", AUDIENCE], ["x"], None, {AUDIENCE: 1}, [AUDIENCE, 1]],
        "sub": ["eve", "", None, 1, "é"],
    }
    dates = [now + away, float(now + away) + 0.5, str(now + away), None, -1, 1e300, True]
    if random_.random() < 0.2:
        del claims[name]
        return f"no {name}"
    claims[name] = random_.choice(values.get(name, dates))
    return f"{name}: {json.dumps(claims[name])[:20]}"


def alter_header(random_, header):
    name, value = random_.choice([
        ("alg", "none"), ("alg", "HS256"), ("alg", "ES256"), ("alg", "RS256"), ("kid", "ES256"), ("kid", "x"),
        ("kid", 1), ("typ", "at+jwt"), ("typ", "logout+jwt"), ("crit", ["x"]), ("crit", []), ("b64", False),
        ("cty", "JWT"), ("jku", "https://attacker.example/"), ("x", 1), ("zip", "DEF"),
    ])
    header[name] = value
    return f"{name}: {json.dumps(value)}"


def alter_text(random_, token):
    header, payload, signature = token.split(".")
    last = signature[-1]
    kinds = {
        "bit": lambda: f"{header}.{payload}.{b64(flip(random_, unb64(signature)))}",
        "claim bit": lambda: f"{header}.{b64(flip(random_, unb64(payload)))}.{signature}",
        "padding": lambda: token + "=",
        "space before": lambda: " " + token,
        "line behind": lambda: token + "\n",
        "no signature": lambda: f"{header}.{payload}.",
        "two segments": lambda: f"{header}.{payload}",
        "four segments": lambda: token + ".",
        "trailing bits": lambda: f"{header}.{payload}.{signature[:-1]}{chr(ord(last) + 1)}",
        "standard alphabet": lambda: token.replace("-", "+").replace("_", "/"),
        "cut": lambda: token[: random_.randrange(len(token))],
    }
    kind = random_.choice(list(kinds))
    return kind, kinds[kind]()


def flip(random_, data):
    bit = random_.randrange(len(data) * 8)
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def duplicate(random_, text):
    """The object with a name twice, once perhaps with an escape."""
    name = random_.choice(["exp", "sub", "aud", "alg", "kid"])
    if f'"{name}"' not in text:
        return None
    value = json.dumps(json.loads(text)[name])
    spelled = random_.choice([name, f"\\u{ord(name[0]):04x}{name[1:]}"])
    return f'{{"{spelled}":{value},{text[1:]}'


def case(random_, peers, now):
    alg = random_.choice(list(ALGORITHMS))
    header, claims = {"alg": alg, "kid": alg, "typ": "JWT"}, claims_at(now)
    kind = random_.choice(["claims", "claims", "header", "text", "twice", "good"])
    what = kind
    if kind == "claims":
        what = alter_claims(random_, claims, now)
    elif kind == "header":
        what = alter_header(random_, header)
    texts = [json.dumps(header), json.dumps(claims)]
    if kind == "twice":
        index = random_.randrange(2)
        texts[index] = duplicate(random_, texts[index]) or texts[index]
    token = peers.sign(alg, b64(texts[0]), b64(texts[1]))
    if kind == "text":
        what, token = alter_text(random_, token)
    return what, token


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--node", required=True, help="the folder where npm's jose is installed")
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--keep", action="store_true", help="write the tokens that normal tests read")
    chosen = arguments.parse_args()
    peers = Peers(make_keys(), chosen.node)
    now = int(time.time())
    keys = [public(key) for key in peers.keys.values()]
    if chosen.keep:
        package = json.loads((Path(chosen.node) / "node_modules/jose/package.json").read_text())
        versions = {"PyJWT": version("pyjwt"), "joserfc": version("joserfc"), "jose": package["version"]}
        tokens = [{"by": f"{by} {versions[by]}", "alg": alg, "token": token} for by, alg, token in peers.mint(KEPT_NOW)]
        kept = {"now": KEPT_NOW, "keys": keys, "tokens": tokens}
        (HERE / "../data/foreign.json").write_text(json.dumps(kept, indent=1) + "\n")
    random_ = random.Random(chosen.seed)
    cases = [(f"minted by {by}", token) for by, _, token in peers.mint(now)]
    cases += [case(random_, peers, now) for _ in range(chosen.cases)]
    tokens = [token for _, token in cases]
    by_node = peers.ask_node({"public_keys": keys, "tokens": tokens, "now": now, "issuer": ISSUER,
                              "audience": AUDIENCE, "algorithms": list(ALGORITHMS)})
    judged = [
        {"what": what, "token": token, "accepted": {
            "PyJWT": peers.pyjwt_accepts(token), "joserfc": peers.joserfc_accepts(token, now), "jose": node}}
        for (what, token), node in zip(cases, by_node)
    ]
    path = Path(chosen.node) / "cases.json"
    path.write_text(json.dumps({"now": now, "keys": keys, "cases": judged}))
    command = ["cargo", "test", "-p", "corsac-credentials", "--features", "differential", "--test", "vectors",
               "nothing_is_accepted_that_others_refuse", "--", "--nocapture"]
    sys.exit(subprocess.run(command, env={**os.environ, "CORSAC_JOSE_CASES": str(path)}).returncode)


if __name__ == "__main__":
    main()
