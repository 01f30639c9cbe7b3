// A phone that sleeps: its connections die, and events happen meanwhile. When it wakes, each client connects again by itself, gets the
// state as it is, and none of the events that it has missed.
//
// The arguments are the URL of a gateway, docs/live.md, and the URL of the gateway's upstream.

import assert from "node:assert/strict";

import { createClient as createSse } from "graphql-sse";
import WebSocket from "ws";

import { Network } from "./network.mjs";
import { Page } from "./page.mjs";
import { plain } from "./transports.mjs";
import { post, visit } from "./upstream.mjs";

globalThis.WebSocket = WebSocket;

const [gateway, document, upstream] = process.argv.slice(2);
const network = new Network();
const url = await network.open(gateway);
const page = new Page(document);

const CLOCK = "subscription { clock { ticks } }";
const VISITED = "subscription { visited { number } }";
const missed = 1_000_000;

/** What the clock of the upstream shows; to look at it counts, too. */
const clock = async () => (await (await fetch(`${upstream}/clock`)).json()).ticks;

/** A client that has a state and has got an event, before the phone sleeps. */
async function awake(name, client) {
  const run = plain(client);
  const [clock, visits] = [run(CLOCK), run(VISITED)];
  await clock.next();
  await post(gateway, () => visits.next());
  return { name, clock, visits };
}

/** The phone sleeps, and misses values of the clock and events. The result wakes it. */
async function asleep() {
  const end = network.sleep();
  const from = await clock();
  for (let number = 0; number < 3; number += 1) {
    await visit(gateway, missed + number);
    await clock();
  }
  return { end, from, to: await clock() };
}

/** The client goes on with what is now. */
async function goesOn({ name, clock, visits }, { from, to }) {
  let now;
  // What was received before the phone slept.
  do now = (await clock.next()).value.data.clock.ticks;
  while (now <= from);
  assert.ok(now >= to - 1, `${name}: ${now} is none of ${from} and ${to}`);
  const { number } = (await post(gateway, () => visits.next())).value.data.visited;
  assert.ok(number < missed, `${name}: ${number}`);
  console.log(`${name}: goes on after a sleep`);
}

const clients = [
  ["graphql-ws", (await page.module("js stream graphql-ws", url)).client],
  ["graphql-sse, distinct connections", (await page.module("js stream graphql-sse", url)).client],
  ["graphql-sse, a single connection", createSse({ url, singleConnection: true, retryAttempts: Infinity })],
];
const all = await Promise.all(clients.map(([name, client]) => awake(name, client)));
const sleep = await asleep();
sleep.end();
await Promise.all(all.map((client) => goesOn(client, sleep)));

// The network is gone, and nothing says so: the client notices it itself.
const block = page.blocks.get("js stream graphql-ws").replace("10_000", "50").replace("5_000", "50");
page.blocks.set("js stream hasty", block);
const hasty = await awake("graphql-ws, without a reset", (await page.module("js stream hasty", url)).client);
await goesOn(hasty, await asleep());
process.exit(0);
