// The clients that normalise responses, as programs that do the same: fetch, read from the store alone, and mutate.
//
// They have no configuration but that of `options`.

import * as apollo4 from "@apollo/client";
import * as apollo3 from "@apollo/client-3/core/index.js";
import { loadDevMessages } from "@apollo/client-3/dev/index.js";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

// Version 3 leaves the texts of its warnings out otherwise.
loadDevMessages();

// Counts the requests, and keeps the last response as it came.
export function recorder() {
  const recorded = { requests: 0, response: undefined };
  recorded.fetch = async (...request) => {
    const response = await fetch(...request);
    recorded.requests += 1;
    recorded.response = await response.clone().json();
    return response;
  };
  return recorded;
}

function apollo(name, { ApolloClient, HttpLink, InMemoryCache }, url, options) {
  const recorded = recorder();
  const cache = new InMemoryCache(options);
  const client = new ApolloClient({ link: new HttpLink({ uri: url, fetch: recorded.fetch }), cache });
  return {
    name,
    recorded,
    fetch: (query, variables) => client.query({ query, variables, fetchPolicy: "network-only" }),
    read: (query, variables) => cache.readQuery({ query: cache.transformDocument(query), variables, optimistic: false }),
    mutate: (mutation, variables) => client.mutate({ mutation, variables }),
  };
}

function graphcache(url, options) {
  const recorded = recorder();
  const exchanges = [cacheExchange(options), fetchExchange];
  const client = new Client({ url, fetch: recorded.fetch, preferGetMethod: false, exchanges });
  return {
    name: "urql Graphcache",
    recorded,
    fetch: (query, variables) => client.query(query, variables, { requestPolicy: "network-only" }).toPromise(),
    read: async (query, variables) => {
      const { data } = await client.query(query, variables, { requestPolicy: "cache-only" }).toPromise();
      return data ?? null;
    },
    mutate: (mutation, variables) => client.mutation(mutation, variables).toPromise(),
  };
}

// Makes each client with an empty store.
export const stores = {
  apollo4: (url, options) => apollo("Apollo Client 4", apollo4, url, options),
  apollo3: (url, options) => apollo("Apollo Client 3", apollo3, url, options),
  graphcache: (url, options) => graphcache(url, options),
};
