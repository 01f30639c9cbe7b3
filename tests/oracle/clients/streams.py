"""gql over WebSockets: a query, a subscription, an operation that is refused, on one connection.

The argument is the URL of a gateway whose subscription `clock` counts the requests to its upstream. The process fails if a
transport of the library gets another result.
"""

import asyncio
import sys

from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

URL = sys.argv[1].replace("http", "ws", 1)
PROTOCOLS = ["graphql-transport-ws"]


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
    async with Client(transport=transport) as session:
        try:
            await session.execute(gql("{ nothing }"))
        except TransportQueryError as error:
            assert "nothing" in str(error), error
        else:
            raise AssertionError("not refused")
    print(f"{type(transport).__name__}: a query, a subscription, an operation that is refused")


async def main():
    init = {"authorization": "Bearer of a test"}
    for transport in (WebsocketsTransport, AIOHTTPWebsocketsTransport):
        await operations(transport(url=URL, subprotocols=PROTOCOLS, init_payload=init, ping_interval=1))


asyncio.run(main())
