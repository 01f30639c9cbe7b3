// Clients that stream, set up as docs/live.md says: operations of each kind over each transport that they have.
//
// The arguments are the URL of a gateway, and docs/live.md. The gateway's subscription `clock` counts the requests to its upstream,
// which is polled every second or faster. `transports` has a function for each client and transport, which yields the results of
// an operation; all of them run the same operations, so that a transport or an operation is one line. The process fails if a
// client gets another result, or an error that it does not report as it should.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { gql } from "@apollo/client/core";
import { gql as gql3 } from "@apollo/client-3/core/index.js";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";

import { Page } from "./page.mjs";

// Apollo's link expects that of a browser.
globalThis.WebSocket = WebSocket;

const [url, document] = process.argv.slice(2);
const page = new Page(document);
/** The client that a block of the page makes. */
const block = async (name, version) => (await page.module(`js stream ${name}`, url, [], version)).client;
const socket = url.replace(/^http/, "ws");

const LIST = "{ districts { code name } }";
const CLOCK = "subscription { clock { ticks } }";
const WRONG = "{ nothing }";

const ws = (options) => createWs({ url: socket, webSocketImpl: WebSocket, lazy: true, retryAttempts: 0, ...options });

/** The results that a client hands to a sink, as an asynchronous iterator. */
async function* results(subscribe) {
  const arrived = [];
  let wake = () => {};
  const push = (entry) => (arrived.push(entry), wake());
  const stop = subscribe({
    next: (value) => push({ value }),
    error: (error) => push({ error }),
    complete: () => push({ done: true }),
  });
  try {
    for (;;) {
      if (arrived.length === 0) await new Promise((resolve) => (wake = resolve));
      const { value, error, done } = arrived.shift();
      if (error) throw error;
      if (done) return;
      yield value;
    }
  } finally {
    (await stop)?.();
  }
}

/** Apollo Client, with `gql` of its version. */
const apollo = (client, gql) =>
  async function* (query) {
    if (!query.startsWith("subscription")) {
      yield await client.query({ query: gql(query), fetchPolicy: "network-only" });
      return;
    }
    yield* results((sink) => {
      const subscription = client.subscribe({ query: gql(query) }).subscribe(sink);
      return () => subscription.unsubscribe();
    });
  };

const urql = (client) =>
  async function* (query) {
    if (!query.startsWith("subscription")) {
      yield await client.query(query, {}).toPromise();
      return;
    }
    yield* results((sink) => {
      const next = (result) => (result.error ? sink.error(result.error) : sink.next(result));
      return client.subscription(query, {}).subscribe(next).unsubscribe;
    });
  };

const plain = (client) => (query) => results((sink) => client.subscribe({ query }, sink));

const transports = {
  "graphql-ws": plain(await block("graphql-ws")),
  "graphql-sse, distinct connections": plain(await block("graphql-sse")),
  "graphql-sse, a single connection": plain(createSse({ url, singleConnection: true, retryAttempts: 0 })),
  "Apollo Client 4 over multipart": apollo(await block("apollo"), gql),
  "Apollo Client 4 over graphql-ws": apollo(await block("apollo graphql-ws"), gql),
  "Apollo Client 3 over multipart": apollo(await block("apollo", 3), gql3),
  "Apollo Client 3 over graphql-ws": apollo(await block("apollo graphql-ws", 3), gql3),
  "urql over event streams": urql(await block("urql")),
  "urql over graphql-ws": urql(await block("urql graphql-ws")),
};

/** What an error says, as the client has it. */
const said = (error) => JSON.stringify([error, error.message, error.errors, error.graphQLErrors, error.networkError?.result]);

for (const [name, run] of Object.entries(transports)) {
  const data = [];
  for await (const result of run(LIST)) data.push(result.data);
  assert.deepEqual(data.map((one) => one.districts.map((district) => district.name)), [["Budgam", "Kupwara"]], name);

  const ticks = [];
  for await (const result of run(CLOCK)) {
    ticks.push(result.data.clock.ticks);
    if (ticks.length === 2) break;
  }
  assert.ok(ticks[0] < ticks[1], `${name}: ${ticks}`);

  let error;
  try {
    for await (const result of run(WRONG)) error = result.error ?? result.errors;
  } catch (thrown) {
    error = thrown;
  }
  // Over a single connection, graphql-sse drops the body of the response that refuses an operation.
  const expected = name.includes("single") ? /responded with 400/ : /nothing/;
  assert.match(said(error), expected, `${name}: ${said(error)}`);
  console.log(`${name}: a query, a subscription, an operation that is refused`);
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
    retryWait: () => sleep(10),
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
