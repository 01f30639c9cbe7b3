// Relay's runtime with the network layer of docs/live.md, and operations that Relay's compiler has made: a query with a deferred
// fragment, a live query, a subscription, and one that is refused.
//
// The arguments are the URL of a gateway, docs/live.md, and the URL of the gateway's upstream. The process fails if the runtime's
// store has something else, or if Relay warns.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import compiler from "relay-compiler";
import relayRuntime from "relay-runtime";

import { Page } from "./page.mjs";
import { results } from "./transports.mjs";
import { hold, post, release } from "./upstream.mjs";

const { fetchQuery, getSingularSelector, requestSubscription } = relayRuntime;
const [url, document, upstream] = process.argv.slice(2);

const OPERATIONS = `
  query PageSeatsQuery { districts { id name ...Page_seat @defer(label: "seat") } }
  fragment Page_seat on District { name seat }
  query PageLiveQuery @live { districts { id name } }
  subscription PageVisitSubscription { visited { number district { id name } } }
  query PageOneQuery($code: ID!) { district(code: $code) { id } }`;

const program = compiler && spawnSync(compiler, ["--version"]);
if (!program || program.error) {
  console.error("\n*** SKIPPED: Relay's compiler does not run here\n");
  process.exit(process.env.CI ? 1 : 0);
}

// What is not as Relay expects is a warning of its development version.
const warned = [];
console.error = (...text) => warned.push(text.join(" "));
console.warn = console.error;

/** What Relay's compiler makes of the operations, by name. */
async function compiled() {
  const schema = await (await fetch(url.replace(/graphql$/, "schema.graphql"))).text();
  const folder = mkdtempSync(path.join(tmpdir(), "sangam-relay-"));
  try {
    mkdirSync(path.join(folder, "src"));
    mkdirSync(path.join(folder, "made"));
    writeFileSync(path.join(folder, "schema.graphql"), schema);
    writeFileSync(path.join(folder, "src", "Page.js"), `graphql\`${OPERATIONS}\`;\n`);
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    const configuration = { src: "src", schema: "schema.graphql", language: "javascript", artifactDirectory: "made" };
    writeFileSync(path.join(folder, "relay.config.json"), JSON.stringify({ ...configuration, eagerEsModules: true }));
    const ran = spawnSync(compiler, ["relay.config.json"], { cwd: folder, encoding: "utf8" });
    assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
    const made = {};
    for (const [, name] of OPERATIONS.matchAll(/(?:query|subscription|fragment) (\w+)/g)) {
      made[name] = (await import(path.join(folder, "made", `${name}.graphql.js`))).default;
    }
    return made;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { environment } = await new Page(document).module("js stream relay", url);
const operations = await compiled();

/** The data of an operation, each time that they have changed. */
function run(name, variables = {}) {
  const taggedNode = operations[name];
  if (name.endsWith("Subscription")) {
    return results((sink) => {
      const { next: onNext, error: onError, complete: onCompleted } = sink;
      const configuration = { subscription: taggedNode, variables, onNext, onError, onCompleted };
      return requestSubscription(environment, configuration).dispose;
    });
  }
  return results((sink) => {
    const observable = fetchQuery(environment, taggedNode, variables, { networkCacheConfig: { force: true } });
    return observable.subscribe(sink).unsubscribe;
  });
}

/** The seats of the districts, as the component of the fragment reads them. */
const seats = ({ districts }) =>
  districts.map((district) => {
    const { data, isMissingData } = environment.lookup(getSingularSelector(operations.Page_seat, district));
    return isMissingData ? undefined : data.seat;
  });

/** The first payload is shown, and each deferred fragment follows. */
async function deferred() {
  await hold(upstream);
  const shown = run("PageSeatsQuery");
  const first = (await shown.next()).value;
  assert.deepEqual(first.districts.map((district) => district.name), ["Budgam", "Kupwara"]);
  assert.deepEqual(seats(first), [undefined, undefined]);
  await release(upstream);
  let last;
  for await (const value of shown) last = value;
  assert.deepEqual(seats(last), ["Budgam town", "Kupwara town"]);
}

async function live() {
  const shown = run("PageLiveQuery");
  const { districts } = (await shown.next()).value;
  assert.deepEqual(districts.map((district) => district.name), ["Budgam", "Kupwara"]);
  await shown.return();
}

async function subscription() {
  const shown = run("PageVisitSubscription");
  const visited = await post(url, () => shown.next());
  assert.equal(visited.value.visited.district.name, "Kupwara");
  await shown.return();
}

async function refused() {
  await assert.rejects(run("PageOneQuery", { code: null }).next(), /code/);
}

await deferred();
await live();
await subscription();
await refused();
assert.deepEqual(warned, []);
console.log("Relay over graphql-sse: a deferred fragment, a live query, a subscription, an operation that is refused");
process.exit(0);
