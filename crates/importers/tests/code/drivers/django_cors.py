"""Runs each configuration of standard input as a module of settings, calls the middleware of
django-cors-headers for every origin, and prints what it answered."""

import json
import sys

import django
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="-")
django.setup()

from corsheaders.middleware import CorsMiddleware  # noqa: E402


def ask(method, origin):
    fields = {"HTTP_ORIGIN": origin}
    if method == "OPTIONS":
        fields["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] = "PUT"
        fields["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] = "x-one, content-type"
    request = RequestFactory().generic(method, "/api", **fields)
    response = CorsMiddleware(lambda request: HttpResponse("hello"))(request)
    return {"status": response.status_code, "headers": [list(pair) for pair in response.items()]}


answers = []
for configuration in json.load(sys.stdin):
    names = {}
    try:
        exec(configuration["code"], names)
        given = {name: value for name, value in names.items() if name.startswith("CORS_")}
        for name, value in given.items():
            setattr(settings, name, value)
        exchanges = [[ask("GET", origin), ask("OPTIONS", origin)] for origin in configuration["origins"]]
        answers.append({"exchanges": exchanges})
    except Exception as error:
        answers.append({"error": repr(error)})
    finally:
        for name in list(names):
            if name.startswith("CORS_") and hasattr(settings, name):
                delattr(settings, name)
json.dump(answers, sys.stdout)
