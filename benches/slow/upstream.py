"""A sample upstream: a small item, a large file, and uploads that are read to their end."""

import asyncio
import re
import sys

ITEM = b'{"name": "item", "price": 42}'
# More than sockets on the way hold of an answer that nobody reads.
LARGE = b"x" * (512 << 10)
# What may wait unread, of one request.
MAX_HEAD = 64 << 10


def answer(body):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if length := re.search(rb"\r\ncontent-length: *(\d+)", head, re.I):
                await reader.readexactly(int(length.group(1)))
            method, path, _ = head.split(b" ", 2)
            whole = answer(LARGE if path.startswith(b"/large") else ITEM)
            writer.write(whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else whole)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=MAX_HEAD, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
