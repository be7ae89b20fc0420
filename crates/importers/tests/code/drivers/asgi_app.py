"""Runs each configuration of standard input as a module that defines `app`, calls it for every
origin, and prints what it answered."""

import asyncio
import json
import sys


async def ask(app, method, origin):
    headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
    if method == "OPTIONS":
        headers.append((b"access-control-request-method", b"PUT"))
        headers.append((b"access-control-request-headers", b"x-one, content-type"))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": "/api", "raw_path": b"/api", "query_string": b"",
        "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }
    exchange = {}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            exchange["status"] = message["status"]
            exchange["headers"] = [[name.decode(), value.decode()] for name, value in message["headers"]]

    await app(scope, receive, send)
    return exchange


async def main():
    answers = []
    for configuration in json.load(sys.stdin):
        try:
            names = {}
            exec(configuration["code"], names)
            app = names["app"]
            exchanges = []
            for origin in configuration["origins"]:
                exchanges.append([await ask(app, "GET", origin), await ask(app, "OPTIONS", origin)])
            answers.append({"exchanges": exchanges})
        except Exception as error:
            answers.append({"error": repr(error)})
    json.dump(answers, sys.stdout)


asyncio.run(main())
