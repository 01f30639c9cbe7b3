// The sample graph and clients that normalise responses: Apollo Client 4 and 3, and urql Graphcache.
//
// The arguments are the URL of the gateway, and the folder of named operations. In one store after the other:
//
// - All operations are fetched, in both orders. At the end, the store alone gives each of them as the gateway did.
// - After each mutation, the store alone gives the pages that were fetched before as the gateway gives them now.
// - Without configuration, warnings are only of what docs/federation.md says; with the configuration there, of nothing.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { format } from "node:util";

import { getIntrospectionQuery, parse, print } from "graphql";

import { filed, mutations } from "./mutations.mjs";
import { stores } from "./stores.mjs";

const [url, folder] = process.argv.slice(2);

// Operations for programs that keep no store of objects. They select no ids, so that a store cannot tell that objects are the same.
const WITHOUT_STORE = ["Districts.graphql"];

// The example variables beside an operation.
function example(name) {
  const file = path.join(folder, `${name}.variables.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

const warnings = [];
for (const level of ["warn", "error"]) {
  console[level] = (...texts) => warnings.push(format(...texts));
}

async function ask(query, variables = {}) {
  const body = JSON.stringify({ query: typeof query === "string" ? query : print(query), variables });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, `${body}: ${JSON.stringify(errors)}`);
  return data;
}

// Without `__typename`, which clients add.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value).filter(([name]) => name !== "__typename");
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]));
}

async function fetched(store, query, variables, what) {
  await store.fetch(query, variables);
  const { data, errors } = store.recorded.response;
  assert.equal(errors, undefined, `${store.name}, ${what}: ${JSON.stringify(errors)}`);
  return data;
}

// The store alone gives this response.
async function gives(store, query, variables, response, what) {
  const { requests } = store.recorded;
  const read = await store.read(query, variables);
  assert.notEqual(read, null, `${store.name}: ${what}: the store has lost a part of it`);
  assert.deepEqual(plain(read), plain(response), `${store.name}: ${what}`);
  assert.equal(store.recorded.requests, requests, `${store.name}: ${what}: it was fetched again`);
}

async function operations(store, order) {
  const responses = [];
  for (const { name, query, variables } of order) {
    const seen = warnings.length;
    responses.push(await fetched(store, query, variables, name));
    for (let at = seen; at < warnings.length; at += 1) warnings[at] = `${store.name}, ${name}: ${warnings[at]}`;
  }
  for (const [at, { name, query, variables }] of order.entries()) {
    await gives(store, query, variables, responses[at], `${name} after all operations`);
  }
}

async function afterMutations(store) {
  // Each store has an application of its own.
  for (const scenario of mutations(ask, randomUUID())) {
    const { mutation: name, changes = true } = scenario;
    const { pages, text, inputs } = await scenario.start();
    const mutation = parse(text);
    const parsed = pages.map((page) => ({ query: parse(page.query), variables: page.variables ?? {} }));
    const before = [];
    for (const page of parsed) before.push(await fetched(store, page.query, page.variables, name));
    for (const input of inputs) {
      const { requests } = store.recorded;
      await store.mutate(mutation, { input });
      const { data, errors } = store.recorded.response;
      assert.equal(errors, undefined, `${store.name}: ${name}: ${JSON.stringify(errors)}`);
      assert.deepEqual(Object.values(data)[0].userErrors, [], `${store.name}: ${name}`);
      assert.equal(store.recorded.requests, requests + 1, `${store.name}: ${name}: it was sent once`);
      for (const [at, page] of parsed.entries()) {
        const now = await ask(page.query, page.variables);
        await gives(store, page.query, page.variables, now, `page ${at} after ${name}`);
      }
    }
    if (!changes) continue;
    const after = await ask(parsed[0].query, parsed[0].variables);
    assert.notDeepEqual(plain(after), plain(before[0]), `${name} has changed nothing`);
  }
}

// Takes what a pattern finds out of the warnings.
function expected(pattern) {
  const found = warnings.map((text) => text.match(pattern)?.slice(1).join("."));
  warnings.splice(0, warnings.length, ...warnings.filter((_, at) => found[at] === undefined));
  return found.filter((one) => one !== undefined);
}
const EMBEDDED = /Invalid key: [^]* create a `keys` config for `(\w+)` that always returns null/;

// That warnings arrive here: a value object that is fetched twice, with other fields.
async function losses(store) {
  await store.fetch(parse("{ districts { id workSummary { asOf workCount } } }"), {});
  await store.fetch(parse("{ districts { id workSummary { asOf } } }"), {});
  assert.ok(warnings.some((text) => text.includes("workSummary")), `${store.name} does not warn of losses`);
  warnings.length = 0;
}

const named = readdirSync(folder)
  .filter((file) => file.endsWith(".graphql") && !WITHOUT_STORE.includes(file))
  .sort()
  .map((file) => {
    const name = path.basename(file, ".graphql");
    return { name, query: parse(readFileSync(path.join(folder, file), "utf8")), variables: example(name) };
  });
const { reference } = await filed(ask, randomUUID());
named.find(({ name }) => name === "ApplicationTracking").variables = { reference };

// The configurations of docs/federation.md.
const schema = await ask(getIntrospectionQuery());
const values = schema.__schema.types.filter(({ fields }) => fields && !fields.some(({ name }) => name === "id"));
const keys = Object.fromEntries(values.map(({ name }) => [name, () => null]));

const sent = mutations(ask, "").map(({ mutation }) => mutation);
const types = new Map(schema.__schema.types.map((type) => [type.name, type]));
const all = types.get(schema.__schema.mutationType.name).fields.map(({ name }) => name);
assert.deepEqual(sent.toSorted(), all.toSorted(), "each mutation of the graph has a scenario");

async function holds(make) {
  for (const order of [named, named.toReversed()]) await operations(make(), order);
  await afterMutations(make());
}

for (const make of [stores.apollo4, stores.apollo3]) {
  await holds(() => make(url));
  assert.deepEqual(warnings, []);
  await losses(make(url));
}
await holds(() => stores.graphcache(url));
const embedded = expected(EMBEDDED);
assert.notDeepEqual(embedded, [], "urql Graphcache does not warn of value objects");
assert.deepEqual(embedded.filter((type) => !(type in keys)), [], "these types have an id that was not selected");
assert.deepEqual(warnings, []);
await holds(() => stores.graphcache(url, { schema, keys }));
assert.deepEqual(warnings, []);
console.log(`clients: ${named.length} operations and ${sent.length} mutations, in three clients`);
