"""Runs each configuration of standard input as a module that defines `app`, calls it for every
origin, and prints what it answered."""

import json
import logging
import sys

logging.disable(logging.CRITICAL)


def ask(client, method, origin):
    fields = {"Origin": origin}
    if method == "OPTIONS":
        fields["Access-Control-Request-Method"] = "PUT"
        fields["Access-Control-Request-Headers"] = "x-one, content-type"
    response = client.open("/api", method=method, headers=fields)
    return {"status": response.status_code, "headers": [list(pair) for pair in response.headers]}


answers = []
for configuration in json.load(sys.stdin):
    try:
        names = {"__name__": "configured"}
        exec(configuration["code"], names)
        client = names["app"].test_client()
        exchanges = [[ask(client, "GET", origin), ask(client, "OPTIONS", origin)] for origin in configuration["origins"]]
        answers.append({"exchanges": exchanges})
    except Exception as error:
        answers.append({"error": repr(error)})
json.dump(answers, sys.stdout)
