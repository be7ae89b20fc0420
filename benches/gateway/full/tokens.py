"""Signed tokens (ES256), made by the `openssl` command: Python's own library has no signatures."""

import base64
import concurrent.futures
import json
import subprocess
import time

TOKENS = 1_000
LIFETIME_SECONDS = 12 * 3_600
KEY_ID = "benchmark"
# Bytes of a coordinate on P-256, and of half a signature.
HALF = 32


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(value):
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


class Issuer:
    """A key of its own, whose public half goes into `keys.json`."""

    def __init__(self, folder):
        self.key = folder / "issuer.pem"
        self.key.touch(0o600)
        self.key.write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
        # The point, uncompressed, is the end of the public key's DER.
        point = openssl("ec", "-in", self.key, "-pubout", "-outform", "DER")[-2 * HALF :]
        x, y = base64url(point[:HALF]), base64url(point[HALF:])
        jwk = {"kty": "EC", "crv": "P-256", "kid": KEY_ID, "alg": "ES256", "use": "sig", "x": x, "y": y}
        (folder / "keys.json").write_text(json.dumps({"keys": [jwk]}))

    def token(self, subject, roles):
        now = int(time.time())
        claims = {
            "iss": "https://id.example.com",
            "aud": "https://api.example.com",
            "sub": subject,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "scope": "items",
            "roles": roles,
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": KEY_ID}
        text = f"{encoded(header)}.{encoded(claims)}"
        signature = openssl("dgst", "-sha256", "-sign", self.key, stdin=text.encode())
        return f"{text}.{base64url(raw(signature))}"


def raw(der):
    """The two numbers of a signature (SEQUENCE of two INTEGERs), side by side as JWS has them."""
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2 :]
    return b"".join(int.from_bytes(number).to_bytes(HALF) for number in (r, s))


def make(folder):
    """Key set and tokens of 1,000 readers, as files; the issuer, for more of them."""
    issuer = Issuer(folder)
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        tokens = list(workers.map(lambda number: issuer.token(f"user-{number}", ["reader"]), range(TOKENS)))
    (folder / "tokens.txt").write_text("".join(f"{token}\n" for token in tokens))
    return issuer, tokens
