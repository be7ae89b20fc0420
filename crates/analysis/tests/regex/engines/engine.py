"""Python's re, or RE2 if asked for."""
import sys
import warnings

if sys.argv[1:] == ["re2"]:
    import re2 as engine
else:
    import re as engine

warnings.simplefilter("ignore")


def compiled(flags, pattern):
    if engine.__name__ == "re2":
        options = engine.Options()
        options.log_errors = False
        prefix = "(?%s)" % flags if flags else ""
        engine.compile(pattern, options)
        return engine.compile(prefix + pattern, options)
    bits = 0
    for letter in flags:
        bits |= getattr(engine, letter.upper())
    return engine.compile(pattern, bits)


def answer(mode, flags, pattern, texts):
    try:
        regex = compiled(flags, pattern)
    except Exception as error:
        return "!" + str(error).replace("\n", " ")
    find = {"full": regex.fullmatch, "prefix": regex.match, "search": regex.search}[mode]
    return " ".join(outcome(find, text) for text in texts)


def outcome(find, text):
    try:
        match = find(text)
    except SystemError:
        return "?"
    return "%d,%d" % match.span() if match else "-"


for line in sys.stdin:
    mode, flags, *rest = line.split()
    pattern, *texts = [bytes.fromhex(text[1:]).decode() for text in rest]
    print(answer(mode, flags[1:], pattern, texts), flush=True)
