"""gql over each transport of docs/live.md: a query, subscriptions to a poll and to a webhook, an operation that is refused.

The arguments are the URL of a gateway, and docs/live.md. The gateway's subscription `clock` counts the requests to its upstream, and
`visited` has what is posted to its webhook. The process fails if a transport of the library gets another result.
"""

import asyncio
import re
import sys

import aiohttp
from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError

URL, PAGE = sys.argv[1:]
SOCKET = URL.replace("http", "ws", 1)


def block(name):
    """The transport of a block of the page, for this gateway."""
    with open(PAGE, encoding="utf-8") as page:
        text = re.search(rf"^```python stream {name}\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)[1]
    text = text.replace("wss://graph.example/graphql", SOCKET).replace("https://graph.example/graphql", URL)
    made = {}
    exec(text.replace("Bearer …", "Bearer of a test"), made)
    return made["transport"]


async def post_until(done):
    """Posts events to the webhook until one has arrived."""
    number = 0
    async with aiohttp.ClientSession() as session:
        while not done.is_set():
            number += 1
            sent = {"json": {"number": number, "district": 3}, "headers": {"x-webhook-token": "sample-token"}}
            async with session.post(URL.replace("graphql", "hooks/lgd"), **sent) as response:
                assert response.status == 200, await response.text()


async def visit(session):
    """An event of the webhook, joined with a district."""
    done = asyncio.Event()
    posting = asyncio.create_task(post_until(done))
    async for data in session.subscribe(gql("subscription { visited { number district { name } } }")):
        done.set()
        assert data["visited"]["district"]["name"] == "Kupwara", data
        break
    await posting


async def operations(transport):
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        data = await session.execute(gql("{ districts { code name } }"))
        assert [district["name"] for district in data["districts"]] == ["Budgam", "Kupwara"], data
        ticks = []
        async for data in session.subscribe(gql("subscription { clock { ticks } }")):
            ticks.append(data["clock"]["ticks"])
            if len(ticks) == 2:
                break
        assert ticks[0] < ticks[1], ticks
        await visit(session)
    async with Client(transport=transport) as session:
        try:
            async for _ in session.subscribe(gql("subscription { nothing }")):
                pass
        except (TransportQueryError, TransportServerError) as error:
            assert "nothing" in str(error), error
        else:
            raise AssertionError("not refused")
    print(f"{type(transport).__name__}: a query, subscriptions to a poll and to a webhook, an operation that is refused")


async def main():
    init = {"authorization": "Bearer of a test"}
    aiohttp_socket = AIOHTTPWebsocketsTransport(
        url=SOCKET, subprotocols=["graphql-transport-ws"], init_payload=init, ping_interval=1
    )
    for transport in (block("websocket"), aiohttp_socket, block("multipart"), block("sse")):
        await operations(transport)


asyncio.run(main())
