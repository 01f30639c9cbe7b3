// Clients that stream, set up as docs/live.md says: operations of each kind over each transport that they have.
//
// The arguments are the URL of a gateway, and docs/live.md. The gateway's subscription `clock` counts the requests to its upstream,
// which is polled every second or faster; `visited` has what is posted to the webhook. `transports` has a function for each client
// and transport, which yields the results of an operation; all of them run the same operations, so that a transport or an operation
// is one line. The process fails if a client gets another result, or an error that it does not report as it should.

import assert from "node:assert/strict";

import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";

import { plain, transports } from "./transports.mjs";
import { post } from "./upstream.mjs";

const [url, document] = process.argv.slice(2);
const socket = url.replace(/^http/, "ws");

const LIST = "{ districts { code name } }";
const CLOCK = "subscription { clock { ticks } }";
const VISITED = "subscription { visited { number district { name } } }";
const WRONG = "{ nothing }";

const ws = (options) => createWs({ url: socket, webSocketImpl: WebSocket, lazy: true, retryAttempts: 0, ...options });

/** What an error says, as the client has it. */
const said = (error) => JSON.stringify([error, error.message, error.errors, error.graphQLErrors, error.networkError?.result]);

for (const [name, run] of Object.entries(await transports(document, url))) {
  const data = [];
  for await (const result of run(LIST)) data.push(result.data);
  assert.deepEqual(data.map((one) => one.districts.map((district) => district.name)), [["Budgam", "Kupwara"]], name);

  const ticks = [];
  for await (const result of run(CLOCK)) {
    ticks.push(result.data.clock.ticks);
    if (ticks.length === 2) break;
  }
  assert.ok(ticks[0] < ticks[1], `${name}: ${ticks}`);

  // An event of a webhook, joined with another request.
  const visits = run(VISITED);
  const visited = (await post(url, () => visits.next())).value.data.visited;
  assert.ok(visited.number > 0 && visited.district.name === "Kupwara", `${name}: ${JSON.stringify(visited)}`);
  await visits.return();

  let error;
  try {
    for await (const result of run(WRONG)) error = result.error ?? result.errors;
  } catch (thrown) {
    error = thrown;
  }
  // Over a single connection, graphql-sse drops the body of the response that refuses an operation.
  const expected = name.includes("single") ? /responded with 400/ : /nothing/;
  assert.match(said(error), expected, `${name}: ${said(error)}`);
  console.log(`${name}: a query, subscriptions to a poll and to a webhook, an operation that is refused`);
}

/** Two operations at the same time, of which one ends. */
async function several() {
  const client = ws();
  const [first, second] = [plain(client)(CLOCK), plain(client)(CLOCK)];
  await Promise.all([first.next(), second.next()]);
  await first.return();
  assert.ok((await second.next()).value.data.clock.ticks > 0);
  await second.return();
  await client.dispose();
}

/** The payload of `connection_init` has headers; its socket may be closed and opened again. */
async function reconnects() {
  const opened = [];
  const client = ws({
    retryAttempts: 5,
    // At once: the library would wait a second or more.
    retryWait: async () => {},
    connectionParams: { Authorization: "Bearer of a test" },
    on: { connected: (connected) => opened.push(connected) },
  });
  const ticks = plain(client)(CLOCK);
  await ticks.next();
  opened[0].close(4205, "as a network does");
  // The next value, not those in between.
  assert.ok((await ticks.next()).value.data.clock.ticks > 0);
  assert.equal(opened.length, 2);
  await ticks.return();
  await client.dispose();
}

/** The legacy protocol is refused with a code. */
async function legacy() {
  const refused = new WebSocket(socket, "graphql-ws");
  const [code, reason] = await new Promise((resolve) => refused.on("close", (...closed) => resolve(closed)));
  assert.equal(code, 4406);
  assert.match(String(reason), /use graphql-transport-ws/);
}

/** A page of another origin cannot open a socket. */
async function foreign() {
  const page = new WebSocket(socket, "graphql-transport-ws", { origin: "https://evil.example" });
  const refused = await new Promise((resolve) => page.on("error", resolve));
  assert.match(refused.message, /403/);
}

await several();
await reconnects();
await legacy();
await foreign();
// The clients of the page stay connected.
process.exit(0);
