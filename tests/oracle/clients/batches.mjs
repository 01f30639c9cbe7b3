// Clients that send batches as docs/clients.md says: graphql-request, and Apollo Client 3 and 4 with BatchHttpLink.
//
// The arguments are the URL of a gateway that accepts batches of ten requests, and docs/clients.md. Each client sends two operations at once, of which one is
// not valid, and gets the data of the other. The process fails if a client sends more than one request for a batch.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";

import { gql } from "@apollo/client";
import { rawRequest } from "graphql-request";

import { Page } from "./page.mjs";

const [url, document] = process.argv.slice(2);
const page = new Page(document);
const LIST = "{ districts { id name } }";
const ONE = 'query ($code: ID!) { district(code: $code) { id seat } }';

let sent = [];
const fetchBefore = globalThis.fetch;
globalThis.fetch = (address, options) => {
  sent.push(JSON.parse(options.body));
  return fetchBefore(address, options);
};

/** Runs `send`, which must send one batch of so many requests. */
async function batch(length, send) {
  sent = [];
  const result = await send();
  assert.deepEqual(sent.map((body) => Array.isArray(body) && body.length), [length]);
  return result;
}

async function graphqlRequest() {
  const client = await page.module("js client graphql-request-batch", url);
  const answers = await batch(3, () => client.batch([
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

async function apollo(name) {
  const { client } = await page.module(`js client ${name}`, url);
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

try {
  await graphqlRequest();
  await apollo("apollo4-batch");
  await apollo("apollo3-batch");
  console.log("batches: graphql-request, Apollo Client 4 and 3");
} finally {
  rmSync(page.folder, { recursive: true });
}
