// Clients that stream, set up as docs/live.md says: for each client and transport a function that yields the results of an
// operation.

import { gql } from "@apollo/client/core";
import { gql as gql3 } from "@apollo/client-3/core/index.js";
import { createClient as createSse } from "graphql-sse";
import WebSocket from "ws";

import { Page } from "./page.mjs";

// Apollo's link expects that of a browser.
globalThis.WebSocket = WebSocket;

/** The results that a client hands to a sink, as an asynchronous iterator. */
export async function* results(subscribe) {
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

export const plain = (client) => (query) => results((sink) => client.subscribe({ query }, sink));

/** The transports of the page, for the gateway at this URL. */
export async function transports(document, url) {
  const page = new Page(document);
  const block = async (name, version) => (await page.module(`js stream ${name}`, url, [], version)).client;
  // It sends an operation that is refused again.
  const single = createSse({ url, singleConnection: true, retryAttempts: 0 });
  return {
    "graphql-ws": plain(await block("graphql-ws")),
    "graphql-sse, distinct connections": plain(await block("graphql-sse")),
    "graphql-sse, a single connection": plain(single),
    "Apollo Client 4 over multipart": apollo(await block("apollo"), gql),
    "Apollo Client 4 over graphql-ws": apollo(await block("apollo graphql-ws"), gql),
    "Apollo Client 3 over multipart": apollo(await block("apollo3"), gql3),
    "Apollo Client 3 over graphql-ws": apollo(await block("apollo graphql-ws", 3), gql3),
    "urql over event streams": urql(await block("urql")),
    "urql over graphql-ws": urql(await block("urql graphql-ws")),
  };
}
