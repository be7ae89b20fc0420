#!/usr/bin/env python3
"""Convert the browser oracle's cases into exchanges, and its golden results into expectations.

    python3 convert.py --oracle DIR --out DIR

Reads   DIR/cases.jsonl, DIR/wpt_cases.jsonl   what was asked (server.mjs and runner.js give them their meaning)
        DIR/golden.jsonl                       what Chromium, Firefox and WebKit did
Writes  cases.jsonl, wpt.jsonl                 one exchange a line
        expected.jsonl                         one line per case and engine (WPT cases also: engine "standard")
        left_out.txt                           cases not converted, and cases that say more than an exchange can
and checks everything it wrote; a failed check ends with exit status 1.

Exchange
    {"id", "page": {"origin", "kind", "secure_context", "address_space"},
     "request": {"url", "method", "headers", "mode", "credentials", "redirect", "cache",
                 "body": null | {"kind", "type", "value"}},
     "hops": [{"preflight": null | answer, "actual": answer}, ...]}      answer = {"status", "headers", "network_error"}

How the oracle's freedoms were settled
  ports       The oracle took free ports; here they are fixed (PORTS).
  URLs        /c/r/<line of the case in its file, from 0>/<hop>, as server.mjs's urlFor() builds them. A hop has no
              "url": hop 0 is request.url, hop n+1 is the Location of hop n (checked).
  request     Exactly what the page passed to fetch(): the method is not normalised, forbidden headers are still there,
              header values may be invalid. What the case left out gets fetch()'s default.
  body        value: text/blob/stream a string, bytes a list of integers, form a list of [name, value],
              urlsearchparams the query. type: the Blob's type ("" if it had none), null for every other kind.
  preflight   null = the server had no answer prepared and says 404 without headers.
  headers     In the order sent; repeats stay repeats. A [name, value] of the oracle is given verbatim (server.mjs puts
              one space before it on the wire). A raw line is split at its first colon, and everything else stays,
              including white space around the value and before the colon. A folded line (obs-fold) is joined with one
              space, as RFC 9112 5.2 asks of a user agent and as all three engines did: with CR LF in it the
              value could not be a header value at all. Characters stand for bytes (latin-1).
  added       server.mjs adds only Content-Length, and only if the status is not 1xx, 204 or 304. It is appended to
              actual answers, where a page may read it; left out of preflight answers, where nobody can. No Date, no
              Connection, no default Content-Type.
  close       {"action": "close"} becomes {"status": 0, "headers": [], "network_error": true}, and so do both answers of
              hops nobody listens to (CLOSED, BADPORT). Targets that are not HTTP (data:, file:, ftp:) have no hops.
  loops       A redirect to itself ("Location:" empty) becomes MAX_REDIRECTS + 1 equal hops.
  ${sent_origin}  The server echoed the Origin it had received, so the answer depended on the engine. It is replaced by
              the value the standard prescribes; if an engine sent another, there is one more exchange, "<id>@<engines>",
              and that engine's expectation carries that id (and "case", the original).

Expectation
    {"id", "engine", "outcome", "type", "status", "code", "param"?, "net"?, "preflight_sent", "requests",
     "readable_headers"} and, where needed, "case", "not_applied", "unlogged_hops", "repeats_collapsed"
  code        the engine's CORS code (Chromium: CDP CorsError; Firefox: console category; WebKit: oracle's key), or null
  param       Chromium's failedParameter
  net         only where code is null. Chromium: net::ERR_* or blockedReason; Firefox: nsresult (0x804b0003 on a success
              is NS_BINDING_REDIRECTED: a redirect was followed)
  not_applied request options of the case that an exchange has no field for, and that made no difference
  requests    what the servers logged, in order, equal entries only once: {"hop", "kind": "actual", "method", "origin"} or
              {"hop", "kind": "preflight", "method": "OPTIONS", "origin", "access_control_request_method",
              "access_control_request_headers"}. origin null = no Origin header, "null" = that header with that value;
              access_control_request_headers null = header absent.
  preflight_sent  a server logged a preflight; null where a hop was refused (unlogged_hops), since nobody could have.
  repeats_collapsed  true where an engine may have sent the same request several times (dropped connection, loop).
  standard    from the case's own "expect": outcome, and only if it says so preflight_sent, final_origin (of the last
              request; null = none), access_control_request_headers, exposes ({name: readable?}).
"""
import argparse
import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

ENGINES = ("chromium", "firefox", "webkit")
MAX_REDIRECTS = 20
RUN = "r"
PORTS = {"P1": 8101, "P2": 8102, "P3": 8103, "P4": 8443, "CLOSED": 8109}

P1, P2, P3, P4 = (PORTS[k] for k in ("P1", "P2", "P3", "P4"))
ORIGINS = {  # server.mjs, Lab.listen()
    "A": f"http://page.localhost:{P1}", "B": f"http://api.localhost:{P2}", "C": f"http://other.localhost:{P3}",
    "Aport": f"http://page.localhost:{P2}", "Bport": f"http://api.localhost:{P3}",
    "Wsub": f"http://www.page.localhost:{P1}", "V4": f"http://127.0.0.1:{P2}", "V6": f"http://[::1]:{P2}",
    "LH": f"http://localhost:{P2}", "TA": f"https://page.localhost:{P4}", "TB": f"https://api.localhost:{P4}",
    "CLOSED": f"http://api.localhost:{PORTS['CLOSED']}", "B80": "http://api.localhost", "TB443": "https://api.localhost",
    "T": f"http://api.test:{P2}", "BADPORT": "http://api.localhost:6667", "FILE": "file:///etc/hostname",
    "DATA": "data:text/plain,hello", "FTP": "ftp://api.localhost",
}
NO_LISTENER = {"CLOSED", "BADPORT"}
NOT_HTTP = {"DATA", "FILE", "FTP"}

# server.mjs, pageUrl(): the page's origin as the engines serialise it, and its kind. Every host ends in "localhost" or is
# a loopback address, so every page but "insecure" is a secure context, and everything is in the loopback address space.
PAGES = {
    "http": (ORIGINS["A"], "window"), "worker": (ORIGINS["A"], "worker"), "blob": (ORIGINS["A"], "blob"),
    "srcdoc": (ORIGINS["A"], "srcdoc"), "upper": (ORIGINS["A"], "window"), "userinfo": (ORIGINS["A"], "window"),
    "localhost": (f"http://localhost:{P1}", "window"), "ipv4": (f"http://127.0.0.1:{P1}", "window"),
    "ipv4-short": (f"http://127.0.0.1:{P1}", "window"), "ipv6": (f"http://[::1]:{P1}", "window"),
    "ipv6-long": (f"http://[::1]:{P1}", "window"), "idn": (f"http://xn--mnchen-3ya.localhost:{P1}", "window"),
    "trailing-dot": (f"http://page.localhost.:{P1}", "window"), "underscore": (f"http://my_page.localhost:{P1}", "window"),
    "port80": ("http://page.localhost", "window"), "port80-explicit": ("http://page.localhost", "window"),
    "https": (ORIGINS["TA"], "window"), "https443": ("https://page.localhost", "window"),
    "insecure": (f"http://page.test:{P1}", "window"),
    "sandbox": ("null", "sandbox"), "sandbox-iframe": ("null", "sandbox"), "data": ("null", "data"), "file": ("null", "file"),
}

REQUEST_FIELDS = {"method", "headers", "mode", "credentials", "redirect", "cache", "body"}
# Request options an exchange has no field for. runner.js builds a Request and then calls fetch(request, {signal}), and an
# init that is not empty resets the Request's referrer policy (fetch, Request constructor): the four cases that set
# one were run with the default policy, and lose nothing. keepalive changes nothing about CORS.
HARMLESS_OPTIONS = {
    "referrerPolicy": "reset by runner.js's fetch(request, {signal}) before the fetch, so it was never in effect",
    "keepalive": "no influence on CORS",
}


class Unsayable(Exception):
    """The case needs something an exchange cannot say."""


class Case:
    """One case of the oracle, with server.mjs's substitutions."""

    def __init__(self, case, index):
        self.case, self.index, self.id = case, index, case["id"]
        self.page_name = case.get("page", "http")
        self.page_origin = PAGES[self.page_name][0]
        self.chain = [case] + case.get("chain", [])
        self.unlogged_hops = [i for i in range(len(self.chain)) if self.target(i) == "CLOSED"]
        self.hop_urls = []  # of the hops of the exchange, filled by exchange()

    def target(self, hop):
        return self.chain[hop].get("to" if hop == 0 else "origin", "B")

    def url(self, hop):
        """urlFor(): A is the page's own origin, or the default page's if that is opaque."""
        to, definition = self.target(hop), self.chain[hop]
        if to in ("DATA", "FILE"):
            return ORIGINS[to]
        origin = self.page_origin if to == "A" and self.page_origin != "null" else ORIGINS[to]
        if definition.get("userinfo"):
            origin = origin.replace("://", f"://{definition['userinfo']}@", 1)
        return f"{origin}/c/{RUN}/{self.index}/{hop}{definition.get('path', '')}"

    def substitute(self, text, hop, sent_origin):
        def value(match):
            name = match[1]
            if name == "origin":
                return self.page_origin
            if name == "sent_origin":
                return sent_origin or ""
            if name == "origin_upper":
                return self.page_origin.upper()
            if name == "origin_nohttp":
                return re.sub(r"^https?://", "", self.page_origin)
            if name == "origin_noport":
                return re.sub(r":\d+$", "", self.page_origin)
            if name == "origin_https":
                return re.sub(r"^http:", "https:", self.page_origin)
            if name == "next":
                return self.url(hop + 1)
            if name == "self":
                return self.url(hop)
            return ORIGINS.get(name, match[0])
        return re.sub(r"\$\{(\w+)\}", value, text)

    def header(self, raw, hop, sent_origin):
        if isinstance(raw, list):
            return [raw[0], self.substitute(raw[1], hop, sent_origin)]
        line = re.sub(r"\r\n[ \t]+", " ", self.substitute(raw, hop, sent_origin))
        name, colon, value = line.partition(":")
        if not colon:
            raise Unsayable(f"header line without a colon: {raw!r}")
        return [name, value]

    def answer(self, definition, hop, sent_origin, actual):
        if definition.get("action") == "close" or self.target(hop) in NO_LISTENER:
            return {"status": 0, "headers": [], "network_error": True}
        if "action" in definition:
            raise Unsayable(f"action {definition['action']}")
        status = definition.get("status", 200)
        headers = [self.header(h, hop, sent_origin) for h in definition.get("headers", [])]
        if actual and status >= 200 and status not in (204, 304):
            headers.append(["Content-Length", str(len(definition.get("body", "hello").encode()))])
        return {"status": status, "headers": headers, "network_error": False}

    def standard_origin(self, hop):
        """The Origin the standard sends on a cross-origin hop of a CORS request (redirect taint)."""
        before = None
        for i in range(hop + 1):
            here = origin_of(self.url(i))
            if before is not None and here != before and self.page_origin != before:
                return "null"
            before = here
        return self.page_origin

    def echoes(self):
        """The answers that contain ${sent_origin}."""
        return [(hop, kind) for hop, definition in enumerate(self.chain) for kind in ("preflight", "actual")
                if "${sent_origin}" in json.dumps(definition.get(kind, {}))]

    def sent_origins(self, wire=()):
        """{(hop, kind): Origin} for echoes(): as logged in a golden wire, else as the standard has it."""
        sent = {}
        for hop, kind in self.echoes():
            seen = {fix_origin(e[-1], self.page_origin) for e in wire if e[1] == hop and e[0] == ("P" if kind == "preflight" else "A")}
            if len(seen) > 1:
                raise Unsayable("one hop received different Origin headers, and echoed them")
            sent[hop, kind] = seen.pop() if seen else self.standard_origin(hop)
        return sent

    def body(self):
        body = self.case["request"].get("body")
        if body is None or isinstance(body, str):
            return None if body is None else {"kind": "text", "type": None, "value": body}
        for key, kind in (("blob", "blob"), ("form", "form"), ("urlsearch", "urlsearchparams"), ("bytes", "bytes"), ("stream", "stream")):
            if key in body:
                return {"kind": kind, "type": body.get("type", "") if kind == "blob" else None, "value": body[key]}
        raise Unsayable(f"body {body!r}")

    def options_not_applied(self):
        return sorted(set(self.case["request"]) - REQUEST_FIELDS)

    def exchange(self, exchange_id, sent):
        case, request = self.case, self.case["request"]
        for option in self.options_not_applied():
            if option not in HARMLESS_OPTIONS:
                raise Unsayable(f"request.{option}")
        if any("actuals" in d for d in self.chain):
            raise Unsayable("answers that change from visit to visit (actuals)")
        hops, urls = [], []
        if self.target(0) not in NOT_HTTP:
            for i, definition in enumerate(self.chain):
                preflight = definition.get("preflight")
                if preflight is None and self.target(i) in NO_LISTENER:
                    preflight = {}
                hops.append({
                    "preflight": None if preflight is None else self.answer(preflight, i, sent.get((i, "preflight")), False),
                    "actual": self.answer(definition.get("actual", {}), i, sent.get((i, "actual")), True),
                })
                urls.append(self.url(i))
            if next_url(urls[-1], hops[-1]["actual"]) == urls[-1]:
                hops += [hops[-1]] * (MAX_REDIRECTS + 1 - len(hops))
                urls += [urls[-1]] * (len(hops) - len(urls))
        self.hop_urls = urls
        return {
            "id": exchange_id,
            "page": {"origin": self.page_origin, "kind": PAGES[self.page_name][1],
                     "secure_context": self.page_name != "insecure", "address_space": "loopback"},
            "request": {"url": self.url(0), "method": request.get("method", "GET"), "headers": request.get("headers", []),
                        "mode": request.get("mode", "cors"), "credentials": request.get("credentials", "same-origin"),
                        "redirect": request.get("redirect", "follow"), "cache": request.get("cache", "default"),
                        "body": self.body()},
            "hops": hops,
        }


def origin_of(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def next_url(url, answer):
    """Where an answer redirects to (its first Location), or None."""
    if answer["status"] not in (301, 302, 303, 307, 308):
        return None
    locations = [v.strip(" \t") for n, v in answer["headers"] if n.lower() == "location"]
    if not locations or re.fullmatch(r"https?:/*", locations[0]):  # a URL without a host cannot be parsed
        return None
    return urljoin(url, locations[0])


# ---- golden results: real ports became PORT, except where the oracle's own normalisation missed them

def fix_origin(origin, page_origin):
    """An Origin header of a golden wire. It only ever is the page's origin, "null" or absent."""
    if origin in (None, "null"):
        return origin
    if origin != re.sub(r":\d+$", ":PORT", page_origin):
        raise ValueError(f"a page of origin {page_origin} cannot have sent {origin}")
    return page_origin


def fix_param(param, exchange):
    """Chromium's failedParameter, with the exchange's ports: it is one of the exchange's (joined) header values."""
    def blurred(text):
        return re.sub(r":(\d{2,5}|PORT)\b", ":PORT", text)
    if blurred(param) == param and "PORT" not in param:
        return param
    candidates = set()
    for hop in exchange["hops"]:
        for answer in (hop["preflight"], hop["actual"]):
            by_name = {}
            for name, value in (answer or {"headers": []})["headers"]:
                by_name.setdefault(name.lower(), []).append(value.strip(" \t"))
            candidates |= {", ".join(v) for v in by_name.values()} | {v for values in by_name.values() for v in values}
    found = [c for c in candidates if blurred(c) == blurred(param)]
    if len(found) == 1:
        return found[0]
    raise ValueError(f"failedParameter {param!r} could be any of {found}")


def expectation(exchange, case, engine, golden):
    requests = []
    for entry in golden["wire"]:
        origin = fix_origin(entry[-1], case.page_origin)
        if entry[0] == "A":  # ["A", hop, method, Origin]
            requests.append({"hop": entry[1], "kind": "actual", "method": entry[2], "origin": origin})
        else:  # ["P", hop, Access-Control-Request-Method, Access-Control-Request-Headers, Origin]
            requests.append({"hop": entry[1], "kind": "preflight", "method": "OPTIONS", "origin": origin,
                             "access_control_request_method": entry[2], "access_control_request_headers": entry[3]})
    result = {"id": exchange["id"], "engine": engine}
    if exchange["id"] != case.id:
        result["case"] = case.id
    result |= {"outcome": golden["outcome"], "type": golden["type"], "status": golden["status"], "code": golden["code"]}
    if "param" in golden:
        result["param"] = fix_param(golden["param"], exchange)
    if "net" in golden:
        result["net"] = golden["net"]
    result["preflight_sent"] = None if case.unlogged_hops and not golden["preflight_sent"] else golden["preflight_sent"]
    result |= {"requests": requests, "readable_headers": golden["readable"]}
    if case.options_not_applied():
        result["not_applied"] = case.options_not_applied()
    if case.unlogged_hops:
        result["unlogged_hops"] = case.unlogged_hops
    urls = case.hop_urls
    if len(urls) != len(set(urls)) or any(d.get(k, {}).get("action") == "close" for d in case.chain for k in ("preflight", "actual")):
        result["repeats_collapsed"] = True
    return result


def standard_expectation(case):
    expect = case.case["expect"]
    result = {"id": case.id, "engine": "standard", "outcome": expect["outcome"]}
    if "preflight" in expect:
        result["preflight_sent"] = expect["preflight"]
    if "final_origin" in expect:
        result["final_origin"] = case.page_origin if expect["final_origin"] == "page" else expect["final_origin"]
    if "acrh" in expect:
        result["access_control_request_headers"] = expect["acrh"]
    if "exposes" in expect:
        result["exposes"] = dict([expect["exposes"]])
    return result


# ---- the conversion

def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def convert(case, golden):
    """[(exchange, expectations)] of a case; the first exchange is the standard's."""
    groups = [(case.id, case.sent_origins(), [])]
    for engine in ENGINES:
        sent = case.sent_origins(golden[engine]["wire"])
        for group in groups:
            if group[1] == sent:
                group[2].append(engine)
                break
        else:
            groups.append((case.id + "@", sent, [engine]))
    result = []
    for exchange_id, sent, engines in groups:
        exchange = case.exchange(exchange_id + "+".join(engines) if exchange_id.endswith("@") else exchange_id, sent)
        check(exchange, case)
        result.append((exchange, [expectation(exchange, case, e, golden[e]) for e in engines]))
    if "expect" in case.case:
        result[0][1].append(standard_expectation(case))
    return result


def check(exchange, case):
    """The hops follow from each other, and nothing is left to substitute."""
    def insist(condition, what):
        if not condition:
            raise AssertionError(f"{exchange['id']}: {what}")
    urls, hops = case.hop_urls, exchange["hops"]
    insist(len(urls) == len(hops) and (not urls or urls[0] == exchange["request"]["url"]), "URLs and hops differ")
    for i, hop in enumerate(hops[:-1]):
        insist(next_url(urls[i], hop["actual"]) == urls[i + 1], f"the Location of hop {i} is not hop {i + 1}")
    insist("${" not in json.dumps(exchange), "a ${...} was not substituted")
    for hop in hops:
        for answer in filter(None, hop.values()):
            for name, value in answer["headers"]:
                insist(":" not in name and not re.search(r"[\r\n\0]", name + value), f"bad header {name!r}")
                (name + value).encode("latin-1")
    insist(re.fullmatch(r"null|https?://[^/]+", exchange["page"]["origin"]), "bad page origin")


def main():
    parser = argparse.ArgumentParser(description="Convert the browser oracle's cases and results into exchanges and expectations.")
    parser.add_argument("--oracle", type=Path, required=True, help="directory with cases.jsonl, wpt_cases.jsonl, golden.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    golden = {g["id"]: g for g in read(args.oracle / "golden.jsonl")}
    expected, notes, counts, ids = [], [], {}, set()
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, records):
        (args.out / name).write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")

    for source, target in (("cases.jsonl", "cases.jsonl"), ("wpt_cases.jsonl", "wpt.jsonl")):
        cases, exchanges, left = read(args.oracle / source), [], 0
        for index, definition in enumerate(cases):
            case = Case(definition, index)
            try:
                converted = convert(case, golden[case.id])
            except Unsayable as reason:
                notes.append(f"left out\t{case.id}\t{reason}")
                left += 1
                continue
            for exchange, expectations in converted:
                assert exchange["id"] not in ids, exchange["id"]
                ids.add(exchange["id"])
                exchanges.append(exchange)
                expected += expectations
            for option in case.options_not_applied():
                notes.append(f"converted\t{case.id}\trequest.{option}: {HARMLESS_OPTIONS[option]}")
            if len(converted) > 1:
                notes.append(f"converted\t{case.id}\techoes the Origin received, engines differ: {' and '.join(e['id'] for e, _ in converted)}")
            if not converted[0][0]["hops"]:
                notes.append(f"converted\t{case.id}\ttarget is not HTTP: no hops; the answer, if any, is the browser's own")
            if len(case.hop_urls) > len(case.chain):
                notes.append(f"converted\t{case.id}\tredirects to itself: hop repeated {len(case.hop_urls)} times")
        write(target, exchanges)
        counts[target] = (len(cases), left, len(exchanges))
    write("expected.jsonl", expected)
    (args.out / "left_out.txt").write_text("".join(n + "\n" for n in notes), encoding="utf-8")

    # What was written is complete: every case not left out has each engine's expectation once, under an exchange that exists.
    written = [e for name in counts for e in read(args.out / name)]
    assert {e["id"] for e in written} == ids and len(written) == len(ids)
    again = read(args.out / "expected.jsonl")
    pairs = [(e.get("case", e["id"]), e["engine"]) for e in again]
    assert len(pairs) == len(set(pairs)) and all(e["id"] in ids for e in again)
    kept = sum(total - left for total, left, _ in counts.values())
    wpt_kept = counts["wpt.jsonl"][0] - counts["wpt.jsonl"][1]
    assert len(again) == kept * len(ENGINES) + wpt_kept, (len(again), kept, wpt_kept)
    assert sum(total for total, _, _ in counts.values()) == len(golden)
    for name, (total, left, lines) in counts.items():
        print(f"{name}: {total} cases, {left} left out, {lines} exchanges", file=sys.stderr)
    print(f"expected.jsonl: {len(again)} lines", file=sys.stderr)


if __name__ == "__main__":
    main()
