"""Before anything is timed: does each proxy keep the policy, and does it log?"""

import json

from servers import PATH, BenchError, get

ALLOWED_ORIGIN = "https://app.example.com"
# The nearest thing to refuse: the allowed origin as the prefix of somebody else's host.
FOREIGN_ORIGIN = "https://app.example.com.evil.test"


def verify(proxy, upstream_port):
    """Nobody is timed for doing less than the policy: both halves of each claim are asked for."""
    origin = get(proxy.port, "GET", {"Origin": ALLOWED_ORIGIN})
    foreign = get(proxy.port, "GET", {"Origin": FOREIGN_ORIGIN})
    without = get(proxy.port, "GET", {})
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = get(proxy.port, "OPTIONS", {"Origin": ALLOWED_ORIGIN, **ask})
    refused = get(proxy.port, "OPTIONS", {"Origin": FOREIGN_ORIGIN, **ask})
    body = get(upstream_port, "GET", {}).body

    acao, acac = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
    checks = {
        "the upstream's body arrives unchanged": origin.status == 200 and origin.body == body,
        "the allowed origin is named once": origin.values(acao) == [ALLOWED_ORIGIN],
        "credentials are allowed": origin.values(acac) == ["true"],
        "x-request-id is exposed": "x-request-id" in origin.tokens("Access-Control-Expose-Headers"),
        "x-request-id is there": len(origin.values("X-Request-Id")) == 1,
        "a foreign origin is not allowed": not foreign.values(acao) and not foreign.values(acac),
        "a request without origin gets no CORS": not without.values(acao),
        "a preflight succeeds": 200 <= preflight.status < 300 and preflight.values(acao) == [ALLOWED_ORIGIN],
        "a preflight allows credentials": preflight.values(acac) == ["true"],
        "a preflight allows POST": "post" in preflight.tokens("Access-Control-Allow-Methods"),
        "a preflight allows content-type": "content-type" in preflight.tokens("Access-Control-Allow-Headers"),
        "a preflight lasts ten minutes": preflight.values("Access-Control-Max-Age") == ["600"],
        "a foreign preflight is not allowed": not refused.values(acao) and not refused.values(acac),
    }
    for name, answer in {"allowed": origin, "foreign": foreign, "absent": without}.items():
        checks[f"Vary names Origin when the origin is {name}"] = "origin" in answer.tokens("Vary")
    broken = [claim for claim, holds in checks.items() if not holds]
    if broken:
        raise BenchError(f"{proxy.name} does not keep the policy; not true: {'; '.join(broken)}")


def verify_log(proxy):
    """Called once the proxy has ended, since buffered logs are complete only then."""
    if not proxy.access_log.exists():
        raise BenchError(f"{proxy.name} wrote no access log at {proxy.access_log}")
    events = [json.loads(line) for line in proxy.access_log.read_text().splitlines()]
    wanted = ("GET", PATH, "200", ALLOWED_ORIGIN)
    for event in events:
        flat = json.dumps(event)
        if all(value in flat for value in wanted) and "duration" in flat:
            return
    raise BenchError(f"{proxy.name}'s access log has no JSON line with method, path, status, duration and origin")
