"""Samples in, Markdown out."""

import dataclasses
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess

from servers import HERE, BenchError

# The most CPU that Corsac may take, as a multiple of each reference's. The references are also the
# denominators of every ratio in the tables.
BARS = {"nginx": 1.3, "envoy": 0.4}


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run of one proxy."""

    round: int
    proxy: str
    connections: int
    cpu: float  # seconds per 100,000 requests, user and system, the whole process tree
    per_second: float
    p99_ms: float
    errors: int  # socket errors, timeouts, answers other than 2xx and 3xx
    log_missing: int  # requests without a line in the access log
    idle_mb: float  # before the first load
    loaded_mb: float  # two thirds into the run
    core_busy: float  # the proxy's share of its core, 0–1
    core_stolen: float  # other processes' and the hypervisor's share of it, 0–1


def summary(options, proxies, samples):
    parts = [
        circumstances(options, proxies, samples),
        *(load_table(samples, connections) for connections in connection_counts(samples)),
        memory_table(samples),
        "\n".join(bar_lines(samples)),
        flaws(samples) or "Errors, answers other than 2xx, missing access-log lines: 0 in all runs.",
    ]
    return "\n\n".join(part for part in parts if part)


def flaws(samples):
    """Runs that may not be compared: failed requests, or less logging than the others did."""
    lines = [
        f"- {s.proxy}, {s.connections} connections, round {s.round}: "
        f"{s.errors} errors, {s.log_missing} log lines missing"
        for s in samples
        if s.errors or s.log_missing
    ]
    return "\n".join(["Flawed runs:", "", *lines]) if lines else ""


def write_into_readme(scenario, text):
    readme = HERE / "README.md"
    markers = (f"<!-- {scenario}:begin -->", f"<!-- {scenario}:end -->")
    before, begin, rest = readme.read_text().partition(markers[0])
    _, end, after = rest.partition(markers[1])
    if not (begin and end):
        raise BenchError(f"{readme} lacks the markers {' and '.join(markers)}")
    readme.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def circumstances(options, proxies, samples):
    stolen = [sample.core_stolen for sample in samples]
    return (
        f"{datetime.date.today()}, {processor()}, Linux {platform.release()}; "
        f"medians of {options.rounds} rounds of {options.seconds} s. "
        f"{', '.join(version(proxy) for proxy in proxies)}. "
        f"Others took {statistics.median(stolen):.0%} of the proxies' core (worst run {max(stolen):.0%})."
    )


def processor():
    found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return f"{os.cpu_count()} × {found.group(1) if found else platform.machine()}"


def version(proxy):
    output = subprocess.run(proxy.version, capture_output=True, text=True, timeout=20)
    number = re.search(r"\d+\.\d+\.\d+[^\s/]*", output.stdout + output.stderr)
    return f"{proxy.name} {number.group() if number else '(version unknown)'}"


def load_table(samples, connections):
    of_these = at(samples, connections)
    measures = (
        ("CPU s per 100,000", "cpu", "{:.2f}"),
        ("requests/s", "per_second", "{:,.0f}"),
        ("p99 ms", "p99_ms", "{:.2f}"),
    )
    header, rows = measures_table(of_these, f"{connections} connections", measures)
    header += ["CPU lowest–highest", "core busy"]
    for row, own in zip(rows, by_proxy(of_these).values()):
        costs = [sample.cpu for sample in own]
        row += [f"{min(costs):.2f}–{max(costs):.2f}", f"{median(own, 'core_busy'):.0%}"]
    return table(header, rows)


def memory_table(samples):
    most = connection_counts(samples)[-1]
    measures = (("idle", "idle_mb", "{:.1f}"), (f"{most} connections", "loaded_mb", "{:.1f}"))
    return table(*measures_table(at(samples, most), "PSS, MB", measures))


def measures_table(samples, title, measures):
    """One row a proxy; for each measure its median, and that median's ratio to each reference's."""
    groups = by_proxy(samples)
    references = [groups[peer] for peer in BARS if peer in groups]
    header, rows = [title], [[proxy] for proxy in groups]
    for label, field, form in measures:
        header += [label, *(f"× {peer}" for peer in BARS if peer in groups)]
        for row, own in zip(rows, groups.values()):
            row.append(form.format(median(own, field)))
            row += [f"{median(own, field) / median(reference, field):.2f}" for reference in references]
    return header, rows


def bar_lines(samples):
    lines = []
    for connections in connection_counts(samples):
        groups = by_proxy(at(samples, connections))
        for peer, bar in BARS.items():
            if {"corsac", peer} <= groups.keys():
                value = median(groups["corsac"], "cpu") / median(groups[peer], "cpu")
                verdict = "met" if value <= bar else "MISSED"
                lines.append(f"- CPU at most {bar} × {peer}'s, {connections} connections: {value:.2f}, {verdict}")
    return lines


def connection_counts(samples):
    return sorted({sample.connections for sample in samples})


def at(samples, connections):
    return [sample for sample in samples if sample.connections == connections]


def by_proxy(samples):
    groups = {}
    for sample in samples:
        groups.setdefault(sample.proxy, []).append(sample)
    return groups


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
