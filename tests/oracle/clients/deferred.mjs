// `@defer` with the clients of docs/live.md that ask for it over HTTP: Apollo Client 4 and 3, each in its format, and graphql-sse.
//
// The arguments are the URL of a gateway, docs/live.md, and the URL of the gateway's upstream, which does not say where the seats of
// the districts are while it is held. The process fails if a client does not show the names first, and then the seats.

import assert from "node:assert/strict";

import { gql } from "@apollo/client/core";
import { gql as gql3 } from "@apollo/client-3/core/index.js";

import { Page } from "./page.mjs";
import { plain, results } from "./transports.mjs";
import { hold, release } from "./upstream.mjs";

const [url, document, upstream] = process.argv.slice(2);
const page = new Page(document);
const client = async (name) => (await page.module(`js stream ${name}`, url)).client;

const QUERY = "query Seats { districts { code name ... @defer { seat } } }";
const NAMES = ["Budgam", "Kupwara"];
const SEATS = ["Budgam town", "Kupwara town"];

const names = ({ districts }) => districts.map((district) => district.name);
const seats = ({ districts }) => districts.map((district) => district.seat);

/** What a page that watches the query shows. */
const watched = (client, gql) =>
  results((sink) => {
    const query = client.watchQuery({ query: gql(QUERY), fetchPolicy: "network-only" });
    const subscription = query.subscribe(sink);
    return () => subscription.unsubscribe();
  });

for (const [name, apollo, language] of [
  ["Apollo Client 4", await client("apollo"), gql],
  ["Apollo Client 3", await client("apollo3"), gql3],
]) {
  await hold(upstream);
  const shown = watched(apollo, language);
  let data;
  while (!data?.districts) ({ data } = (await shown.next()).value);
  assert.deepEqual([names(data), seats(data)], [NAMES, [undefined, undefined]], name);
  await release(upstream);
  while (seats(data).includes(undefined)) ({ data } = (await shown.next()).value);
  assert.deepEqual([names(data), seats(data)], [NAMES, SEATS], name);
  await shown.return();
  console.log(`${name}: names at once, and deferred seats`);
}

// Without a handler of its own, as payloads in the current format.
await hold(upstream);
const payloads = plain(await client("graphql-sse"))(QUERY);
const first = (await payloads.next()).value;
assert.deepEqual([names(first.data), first.pending.length, first.hasNext], [NAMES, 2, true]);
await release(upstream);
const rest = [];
for await (const payload of payloads) rest.push(payload);
const parts = rest.flatMap((payload) => payload.incremental ?? []);
assert.deepEqual(parts.map((part) => part.data.seat).sort(), SEATS);
assert.equal(rest.at(-1).hasNext, false);
console.log("graphql-sse: the payloads of a query with deferred seats");
process.exit(0);
