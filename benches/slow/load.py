"""A normal load: requests at a fixed rate, whatever becomes of those before them."""

import asyncio
import dataclasses
import time

# Every so many requests one comes on a connection of its own, as that of a new visitor does.
NEW_CONNECTION_EVERY = 5
# A request that takes longer has failed.
TIMEOUT_SECONDS = 10


@dataclasses.dataclass
class Sample:
    latencies_ms: list
    errors: int

    def percentile(self, share):
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")

    def share_under(self, bound_ms):
        """Of all requests; a failed one was not under it."""
        total = len(self.latencies_ms) + self.errors
        return sum(latency <= bound_ms for latency in self.latencies_ms) / max(total, 1)


class Load:
    def __init__(self, port, head):
        self.port, self.head = port, head
        self.idle = []

    async def exchange(self, streams):
        reader, writer = streams
        writer.write(self.head)
        head = await reader.readuntil(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        length = next(int(field[15:]) for field in fields if field.startswith(b"content-length:"))
        await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"answered {head[:40]!r}")

    async def request(self, number, due, sample):
        streams = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                is_new = number % NEW_CONNECTION_EVERY == 0 or not self.idle
                streams = await asyncio.open_connection("127.0.0.1", self.port) if is_new else self.idle.pop()
                await self.exchange(streams)
            sample.latencies_ms.append((time.perf_counter() - due) * 1000)
            if number % NEW_CONNECTION_EVERY:
                self.idle.append(streams)
                streams = None
        except (OSError, TimeoutError, asyncio.IncompleteReadError, StopIteration):
            sample.errors += 1
        finally:
            if streams:
                streams[1].close()

    async def run(self, per_second, seconds):
        """Latency counts from when a request was due, so that waiting requests are not left out."""
        sample, began, tasks = Sample([], 0), time.perf_counter(), set()
        for number in range(int(per_second * seconds)):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self.request(number, due, sample))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for _, writer in self.idle:
            writer.close()
        self.idle.clear()
        return sample


def run(port, head, per_second, seconds):
    return asyncio.run(Load(port, head).run(per_second, seconds))
