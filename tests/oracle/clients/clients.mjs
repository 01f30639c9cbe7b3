// Clients that normalise responses store each object once, by `__typename` and `id`, without a configuration of keys.
//
// The argument is the URL of the gateway. Each client fetches the same district by several fields. The process fails if a client
// stores the district twice, or warns of anything.

import assert from "node:assert/strict";

import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

const url = process.argv[2];
const warnings = [];
for (const level of ["warn", "error"]) {
  console[level] = (...texts) => warnings.push(texts.join(" "));
}

const LIST = gql`{ districts { id name } }`;
const ONE = gql`{ district(code: "2") { id code seat } }`;
const BOTH = gql`{ district(code: "2") { id name seat } }`;
const NODE = gql`query ($id: ID!) { node(id: $id) { id ... on District { name seat } } }`;

async function apollo() {
  const cache = new InMemoryCache();
  const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache });
  const { data: list } = await client.query({ query: LIST });
  const { data: one } = await client.query({ query: ONE });
  const id = one.district.id;
  const stored = Object.keys(cache.extract()).filter((key) => key.startsWith("District:"));
  assert.deepEqual(stored.sort(), list.districts.map((district) => `District:${district.id}`).sort());
  const merged = { __typename: "District", id, name: "Budgam", code: "2", seat: "Budgam town" };
  assert.deepEqual({ ...cache.extract()[`District:${id}`] }, merged);
  const { data } = await client.query({ query: NODE, variables: { id } });
  assert.equal(data.node.seat, "Budgam town");
  assert.deepEqual(cache.extract().ROOT_QUERY[`node({"id":"${id}"})`], { __ref: `District:${id}` });
}

async function urql() {
  const client = new Client({ url, preferGetMethod: false, exchanges: [cacheExchange({}), fetchExchange] });
  await client.query(LIST, {}).toPromise();
  const { data: one } = await client.query(ONE, {}).toPromise();
  // What the two queries brought, from the cache alone.
  const { data } = await client.query(BOTH, {}, { requestPolicy: "cache-only" }).toPromise();
  const { id, name, seat } = data.district;
  assert.deepEqual({ id, name, seat }, { id: one.district.id, name: "Budgam", seat: "Budgam town" });
  const { data: found } = await client.query(NODE, { id }).toPromise();
  assert.equal(found.node.name, "Budgam");
}

await apollo();
await urql();
assert.deepEqual(warnings, []);
