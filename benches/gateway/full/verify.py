"""Before anything is timed: does each of the two keep all of the policy, and refuse what is nearest to it?"""

from servers import PATH, BenchError, get
from verify import ALLOWED_ORIGIN, FOREIGN_ORIGIN

SCARCE_PATH, SCARCE = "/scarce/42", 2
FIELDS = ("ratelimit", "x-ratelimit-remaining")
ACAO = "Access-Control-Allow-Origin"


def bearer(token, origin=ALLOWED_ORIGIN):
    return {"Origin": origin, "Authorization": f"Bearer {token}"}


def verify(proxy, upstream_port, issuer, tokens):
    reader, writer = tokens[0], issuer.token("user-0", ["writer"])
    head, claims, signature = reader.split(".")
    other_signature = ("A" if signature[0] != "A" else "B") + signature[1:]

    def ask(headers, path=PATH, method="GET", client="127.0.0.1"):
        return get(proxy.port, method, headers, path, client)

    passed, again, foreign = ask(bearer(reader)), ask(bearer(reader)), ask(bearer(reader, FOREIGN_ORIGIN))
    other = ask(bearer(tokens[-1]))
    missing = ask({"Origin": ALLOWED_ORIGIN})
    forged = ask(bearer(f"{head}.{claims}.{other_signature}"))
    swapped = ask(bearer(f"{head}.{writer.split('.')[1]}.{signature}"))
    role, method = ask(bearer(writer)), ask(bearer(reader), method="DELETE")
    scarce = [ask(bearer(reader), SCARCE_PATH) for _ in range(SCARCE + 1)]
    neighbour, plenty = ask(bearer(reader), SCARCE_PATH, client="127.0.0.2"), ask(bearer(reader))
    wish = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = ask({"Origin": ALLOWED_ORIGIN, **wish}, method="OPTIONS")
    refused = ask({"Origin": FOREIGN_ORIGIN, **wish}, method="OPTIONS")
    body = get(upstream_port, "GET", {}).body

    statuses = {
        "a reader's token passes": (passed, 200),
        "the same token passes again, from the cache": (again, 200),
        "another reader's token passes": (other, 200),
        "no token is 401": (missing, 401),
        "a token with another signature is 401": (forged, 401),
        "a token with another's claims is 401": (swapped, 401),
        "another role is 403": (role, 403),
        "another method is 403": (method, 403),
        "the last within a small limit passes": (scarce[-2], 200),
        "the next is 429": (scarce[-1], 429),
        "another address has a limit of its own": (neighbour, 200),
        "the other limit still lets pass": (plenty, 200),
    }
    checks = {claim: answer.status == status for claim, (answer, status) in statuses.items()}
    checks |= {
        "the upstream's body arrives unchanged": passed.body == body,
        "a preflight passes without a token": 200 <= preflight.status < 300,
        "a preflight allows the field with the token": "authorization"
        in preflight.tokens("Access-Control-Allow-Headers"),
        "what is left of the limit is told": any(name.lower() in FIELDS for name in passed.headers),
        "a foreign origin is not allowed": not foreign.values(ACAO) and not refused.values(ACAO),
    }
    readable = {
        "a passed request": passed, "a preflight": preflight, "a 401": missing, "a 403": role, "a 429": scarce[-1],
    }
    for name, answer in readable.items():
        checks[f"the page may read {name}"] = answer.values(ACAO) == [ALLOWED_ORIGIN]
    broken = [claim for claim, holds in checks.items() if not holds]
    if broken:
        raise BenchError(f"{proxy.name} does not keep the policy; not true: {'; '.join(broken)}")
