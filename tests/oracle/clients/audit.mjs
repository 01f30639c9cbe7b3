// The audit of the GraphQL over HTTP working group (`graphql-http`): every rule, also those that are only recommended.
//
// The argument is the URL of the gateway.

import assert from "node:assert/strict";

import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
const results = await Promise.all(audits.map((audit) => audit.fn()));
const failed = results.filter((result) => result.status !== "ok");
assert.deepEqual(failed.map((result) => `${result.status}: ${result.id} ${result.name}: ${result.reason}`), []);
assert.ok(results.length >= 61, `${results.length} audits`);
console.log(`graphql-http: ${results.length} audits`);
