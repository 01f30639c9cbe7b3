// Clients that send batches: graphql-request, and Apollo Client 3 and 4 with BatchHttpLink.
//
// The argument is the URL of a gateway that accepts batches of ten requests. Each client sends two operations at once, of which one is
// not valid, and gets the data of the other. The process fails if a client sends more than one request for a batch.

import assert from "node:assert/strict";

import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import * as apollo3 from "@apollo/client-3/core/index.js";
import * as batch3 from "@apollo/client-3/link/batch-http/index.js";
import { GraphQLClient, rawRequest } from "graphql-request";

const url = process.argv[2];
const LIST = "{ districts { id name } }";
const ONE = 'query ($code: ID!) { district(code: $code) { id seat } }';

let sent = [];
const counted = (address, options) => {
  sent.push(JSON.parse(options.body));
  return fetch(address, options);
};

/** Runs `send`, which must send one batch of so many requests. */
async function batch(length, send) {
  sent = [];
  const result = await send();
  assert.deepEqual(sent.map((body) => Array.isArray(body) && body.length), [length]);
  return result;
}

async function graphqlRequest() {
  const client = new GraphQLClient(url, { fetch: counted, errorPolicy: "all" });
  const answers = await batch(3, () => client.batchRequests([
    { document: LIST },
    { document: ONE, variables: { code: "2" } },
    { document: "{ nothing }" },
  ]));
  assert.equal(answers[0].data.districts.length, 2);
  assert.equal(answers[1].data.district.seat, "Budgam town");
  assert.equal(answers[2].errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  // What is not in a batch is sent as before.
  assert.equal((await rawRequest(url, LIST)).data.districts.length, 2);
}

async function apollo({ ApolloClient, InMemoryCache, gql }, BatchHttpLink) {
  const link = new BatchHttpLink({ uri: url, fetch: counted, batchInterval: 20, batchMax: 10 });
  const client = new ApolloClient({ link, cache: new InMemoryCache(), queryDeduplication: false });
  const query = (text, variables) => client.query({ query: gql(text), variables, fetchPolicy: "network-only" });
  const [list, one, wrong] = await batch(3, () => Promise.allSettled([
    query(LIST),
    query(ONE, { code: "2" }),
    query("{ nothing }"),
  ]));
  assert.equal(list.value.data.districts.length, 2);
  assert.equal(one.value.data.district.seat, "Budgam town");
  assert.equal(wrong.status, "rejected");
  assert.match(String(wrong.reason.message), /nothing/);
}

await graphqlRequest();
await apollo({ ApolloClient, InMemoryCache, gql }, BatchHttpLink);
await apollo(apollo3, batch3.BatchHttpLink);
