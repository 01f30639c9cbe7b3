// Clients that send ids and hashes instead of texts, set up as docs/clients.md says.
//
// The arguments are docs/clients.md, the URLs of a gateway with automatic persisted queries, of one without, and of one that executes
// only trusted documents, and the folder of manifests.mjs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

import { parse } from "graphql";

import { Page } from "./page.mjs";

const [document, automatic, without, only, folder] = process.argv.slice(2);
const page = new Page(document);

// What was sent since the last call: method, whether there was a text and a hash, and the code of an error.
const sent = [];
const fetchBefore = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const url = new URL(input);
  const parameters = url.searchParams.size > 0 ? Object.fromEntries(url.searchParams) : JSON.parse(init.body);
  const extensions = typeof parameters.extensions === "string" ? JSON.parse(parameters.extensions) : parameters.extensions;
  const response = await fetchBefore(input, init);
  const { errors } = await response.clone().json();
  const method = init?.method ?? "GET";
  const parts = [parameters.query ? "text" : null, extensions?.persistedQuery ? "hash" : null];
  parts.push(parameters.documentId || parameters.doc_id ? "id" : null);
  const answer = errors ? errors[0].extensions.code : response.status;
  sent.push(`${method} ${parts.filter(Boolean).join("+")}: ${answer}`);
  return response;
};
const requests = () => sent.splice(0);

const asking = {
  apollo: (client, text) => client.query({ query: parse(text), fetchPolicy: "network-only" }),
  urql: (client, text) => client.query(text, {}, { requestPolicy: "network-only" }).toPromise(),
};
const CLIENTS = [
  ["apollo4", asking.apollo],
  ["apollo3", asking.apollo],
  ["urql", asking.urql],
];
const NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND";
const NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED";

async function names(client, ask, text) {
  const { data, error } = await ask(client, text);
  assert.equal(error, undefined);
  assert.deepEqual(data.districts.map((district) => district.name), ["Budgam", "Kupwara"]);
}

async function registers(name, ask) {
  const { client } = await page.module(`js client ${name}`, automatic);
  const text = `query ${name} { districts { name } }`;
  await names(client, ask, text);
  const first = requests();
  assert.equal(first[0], `GET hash: ${NOT_FOUND}`, name);
  assert.match(first[1], /^(GET|POST) text\+hash: 200$/, name);
  assert.equal(first.length, 2, name);
  await names(client, ask, text);
  assert.deepEqual(requests(), ["GET hash: 200"], name);
}

async function fallsBack(name, ask) {
  const { client } = await page.module(`js client ${name}`, without);
  const text = `query ${name} { districts { name } }`;
  await names(client, ask, text);
  const first = requests();
  assert.equal(first[0], `GET hash: ${NOT_SUPPORTED}`, name);
  assert.match(first[1], /^(GET|POST) text: 200$/, name);
  await names(client, ask, text);
  assert.match(requests().join(), /^(GET|POST) text: 200$/, name);
}

// Operations that must not be in a URL, and all others of the same client.
async function separates(name, ask) {
  const { client } = await page.module(`js client ${name}-post`, automatic);
  const listed = "query ApplicationTracking { districts { name } }";
  await names(client, ask, listed);
  await names(client, ask, listed);
  assert.ok(requests().every((request) => request.startsWith("POST ")), name);
  await names(client, ask, listed);
  assert.deepEqual(requests(), ["POST hash: 200"], name);
  const other = `query ${name}Other { districts { name } }`;
  await names(client, ask, other);
  await names(client, ask, other);
  assert.equal(requests().at(-1), "GET hash: 200", name);
}

async function trusted() {
  const manifest = path.join(folder, "apollo/persisted-query-manifest.json");
  const { client: apollo } = await page.module("js client apollo-manifest", only, [manifest]);
  const source = readFileSync(path.join(folder, "apollo/src/app.js"), "utf8").match(/`(.*)`/s)[1];
  await names(apollo, asking.apollo, source);
  assert.deepEqual(requests(), ["POST hash: 200"]);
  // The same operation by a client that hashes the text itself, and as a text that another tool prints.
  const { client: plain } = await page.module("js client apollo4", only);
  await names(plain, asking.apollo, source);
  assert.deepEqual(requests(), ["GET hash: 200"]);
  const query = "fragment Part on District { name, code } query ApolloNames { districts { ...Part } }";
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(only, { method: "POST", headers, body: JSON.stringify({ query }) });
  assert.equal((await response.json()).data.districts.length, 2);
  requests();
  const other = asking.apollo(plain, "query Other { districts { code } }");
  await assert.rejects(other, /no trusted document/);
  assert.match(requests().at(-1), /text\+hash: QUERY_NOT_IN_SAFELIST$/);

  const { fetchGraphQL } = await page.module("js client relay", only);
  const made = path.join(folder, "relay/src/__generated__");
  const [artifact] = readdirSync(made);
  const id = readFileSync(path.join(made, artifact), "utf8").match(/"id": "(\w+)"/)[1];
  const relay = await fetchGraphQL({ id }, {});
  assert.equal(relay.data.districts.length, 2);
  assert.deepEqual(requests(), ["POST id: 200"]);

  const module = readFileSync(path.join(folder, "codegen/graphql.ts"), "utf8");
  const hash = module.match(/"hash":"([^"]+)"/)[1];
  const generated = Object.assign(parse("query CodegenNames($code: ID!) { district(code: $code) { name } districts { code } }"), {
    __meta__: { hash },
  });
  const { execute } = await page.module("js client codegen", only);
  const { data } = await execute(generated, { code: "2" });
  assert.equal(data.district.name, "Budgam");
  assert.deepEqual(requests(), ["POST id: 200"]);
  const { client: urql } = await page.module("js client urql-codegen", only);
  const { data: again, error } = await urql.query(generated, { code: "2" }).toPromise();
  assert.equal(error, undefined);
  assert.equal(again.district.name, "Budgam");
  assert.match(requests().join(), /^(GET|POST) hash: 200$/);
}

function curl() {
  const ran = spawnSync("sh", ["-e", "-c", page.text("sh automatic", automatic)], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  const data = '{"data":{"districts":[{"name":"Budgam"},{"name":"Kupwara"}]}}';
  assert.equal(ran.stdout, data + data);
}

try {
  for (const [name, ask] of CLIENTS) {
    await registers(name, ask);
    await fallsBack(name, ask);
    if (name !== "apollo3") await separates(name, ask);
  }
  await trusted();
  curl();
  console.log("persisted operations: Apollo Client 4 and 3, urql, Relay, GraphQL Code Generator, curl");
} finally {
  rmSync(page.folder, { recursive: true });
}
