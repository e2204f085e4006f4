"""
The WebSocket client of Python's library websockets, by commands: reads one a line, writes one report a line, both JSON.
Run by test/support/remote-clients.ts, which says what they are.
"""
import asyncio
import base64
import json
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

connections = {}


def report(client, what, **fields):
    sys.stdout.write(json.dumps({"client": client, "is": what, **fields}) + "\n")
    sys.stdout.flush()


def as_text(octets):
    return base64.b64encode(octets).decode()


def extensions_for(deflate):
    """What to offer: nothing, what the library offers by itself, or one element with these settings."""
    if isinstance(deflate, dict):
        return {"compression": None, "extensions": [ClientPerMessageDeflateFactory(**deflate)]}
    return {"compression": "deflate" if deflate else None}


async def run(client, command):
    try:
        connection = await websockets.connect(
            command["url"],
            subprotocols=command["protocols"] or None,
            max_size=None,
            ping_interval=None,
            **extensions_for(command["deflate"]),
        )
    except Exception as error:  # whatever it is, the test wants to know
        report(client, "refused", explanation=f"{type(error).__name__}: {error}")
        return
    connections[client] = connection
    # From version 14 on the response is an object of its own.
    headers = connection.response.headers if hasattr(connection, "response") else connection.response_headers
    agreed = headers.get("Sec-WebSocket-Extensions", "")
    report(client, "open", protocol=connection.subprotocol or "", extensions=agreed)
    try:
        async for message in connection:
            if isinstance(message, str):
                report(client, "message", text=message)
            else:
                report(client, "message", octets=as_text(message))
    except websockets.ConnectionClosed:
        pass
    await connection.wait_closed()
    report(client, "closed", code=connection.close_code, reason=connection.close_reason)


def data_of(command):
    """The data of one message: str or bytes, or a list of them for fragments."""
    if "text" in command:
        return command["text"]
    octets = command["octets"]
    return [base64.b64decode(part) for part in octets] if isinstance(octets, list) else base64.b64decode(octets)


async def ping(client, connection, payload):
    await (await connection.ping(payload))
    report(client, "pong", octets=as_text(payload))


async def obey(client, command, tasks):
    what = command["do"]
    if what == "open":
        tasks.append(asyncio.create_task(run(client, command)))
        return
    connection = connections[client]
    if what == "close":
        tasks.append(asyncio.create_task(connection.close(command.get("code", 1000), command.get("reason", ""))))
    elif what == "ping":
        tasks.append(asyncio.create_task(ping(client, connection, data_of(command))))
    else:
        try:
            await connection.send(data_of(command))
        except websockets.ConnectionClosed:
            pass  # the server was faster; "closed" is reported


async def main():
    reader = asyncio.StreamReader(limit=2**26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = []
    while line := await reader.readline():
        command = json.loads(line)
        await obey(command["client"], command, tasks)
    await asyncio.gather(*tasks)


asyncio.run(main())
