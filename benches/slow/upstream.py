"""A sample upstream: a small item, a large file, and uploads that are read to their end."""

import asyncio
import re
import sys

ITEM = b'{"name": "item", "price": 42}'
LARGE = b"x" * (1 << 20)
# What may wait unread, of one request.
MAX_HEAD = 64 << 10


def answer(body, fields=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s" % (
        len(body), fields, body)


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if length := re.search(rb"\r\ncontent-length: *(\d+)", head, re.I):
                await reader.readexactly(int(length.group(1)))
            is_large = head.split(b" ", 2)[1].startswith(b"/large")
            writer.write(answer(LARGE if is_large else ITEM))
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
