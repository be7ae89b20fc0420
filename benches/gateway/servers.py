"""The upstream and the proxies: how each is started, known to be ready, asked, and ended."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent

# The configuration files are written with these ports and this folder, so that each can be read and run
# by hand; `render` moves the copies it makes (`--port-offset`, `--work-dir`).
PORTS = {"corsac": 18080, "nginx": 18081, "haproxy": 18082, "envoy": 18083, "upstream": 18090}
CONFIGURED_WORK_DIR = "/tmp/corsac-bench"

PATH = "/items/42"
READY_SECONDS = 15
STOP_SECONDS = 10


class BenchError(Exception):
    """The benchmark cannot go on, or its result would not be a comparison."""


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    port: int
    command: list
    version: list
    stdout: pathlib.Path
    access_log: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def values(self, name):
        return self.headers.get_all(name) or []

    def tokens(self, name):
        return {token.strip().lower() for value in self.values(name) for token in value.split(",")}


def get(port, method, headers, path=PATH, client="127.0.0.1"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(client, 0))
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def render(config, work, offset):
    """Copies a configuration file into the work folder, moved to this run's folder and ports."""
    # All at once: one after the other, an offset of 1 would move a port twice.
    ports = r"\b(" + "|".join(map(str, PORTS.values())) + r")\b"
    text = re.sub(ports, lambda found: str(int(found.group()) + offset), (HERE / config).read_text())
    copy = work / pathlib.Path(config).name
    copy.write_text(text.replace(CONFIGURED_WORK_DIR, str(work)))
    return str(copy)


def servers(options):
    """The upstream and every proxy, by name."""
    work = options.work_dir
    nginx, haproxy, envoy, corsac = options.nginx, options.haproxy, options.envoy, options.corsac
    errors = ["-e", f"{work}/nginx-start.log"]

    def config(name):
        own = pathlib.Path(options.scenario) / name
        return render(own if (HERE / own).exists() else name, work, options.port_offset)

    commands = {
        "corsac": ([corsac, "serve", config("corsac.toml")], [corsac, "--version"]),
        "nginx": ([nginx, "-p", work, *errors, "-c", config("nginx.conf")], [nginx, "-v"]),
        "haproxy": ([haproxy, "-db", "-f", config("haproxy.cfg")], [haproxy, "-v"]),
        "envoy": (
            [envoy, "-c", config("envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "-l", "error"],
            [envoy, "--version"],
        ),
        "upstream": ([nginx, "-p", work, *errors, "-c", config("upstream-nginx.conf")], [nginx, "-v"]),
    }
    return {name: server(name, *command, options) for name, command in commands.items()}


def server(name, command, version, options):
    log = options.work_dir / f"{name}-access.log"
    return Server(
        name=name,
        port=PORTS[name] + options.port_offset,
        command=[str(word) for word in command],
        version=[str(word) for word in version],
        # HAProxy's only road to a file is its stdout; see haproxy.cfg.
        stdout=log if name == "haproxy" else options.work_dir / f"{name}.stdout",
        access_log=None if name == "upstream" else log,
    )


def pinned(cpu, command):
    """`setpriv` ends the child if this script is killed outright, when no `finally` runs any more."""
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(cpu), *command]


@contextlib.contextmanager
def running(which, cpu):
    """Starts a server, yields its process id once it answers, and ends its whole process group."""
    refuse_taken_port(which)
    stderr = which.stdout.with_suffix(".stderr")
    for file in (which.stdout, stderr, which.access_log):
        if file:
            file.unlink(missing_ok=True)
    with open(which.stdout, "ab") as out, open(stderr, "wb") as err:
        process = subprocess.Popen(
            pinned(cpu, which.command), stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    try:
        wait_until_ready(which, process, stderr)
        yield process.pid
        if process.poll() is not None:
            raise BenchError(f"{which.name} ended during the run:\n{stderr.read_text()}")
    finally:
        stop(process)


def refuse_taken_port(which):
    """A stranger on the port would share the load unseen, since these proxies set SO_REUSEPORT."""
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", which.port), timeout=5).close()
        raise BenchError(f"port {which.port}, meant for {which.name}, is in use; try --port-offset")


def wait_until_ready(which, process, stderr):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchError(f"{which.name} did not start:\n{stderr.read_text()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            # 401: it asks for a token.
            if announced(which) and get(which.port, "GET", {}).status in (200, 401):
                return
        time.sleep(0.05)
    raise BenchError(f"{which.name} did not answer within {READY_SECONDS} s:\n{stderr.read_text()}")


def announced(which):
    """Corsac alone says when it is ready; the line is part of its contract, so it is checked."""
    if which.name != "corsac":
        return True
    line, newline, _ = which.stdout.read_text().partition("\n")
    if not newline:
        return False
    try:
        address = json.loads(line)["listening"]["gateway"]
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(f"corsac's first line on stdout is not the promised JSON: {line!r}") from error
    if address != f"127.0.0.1:{which.port}":
        raise BenchError(f"corsac listens on {address}, not on port {which.port}")
    return True


def stop(process):
    """Asks the parent, which ends its workers and writes out its log; then ends what is left."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)
