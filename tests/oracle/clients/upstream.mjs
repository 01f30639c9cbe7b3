// What the upstream of the gateway does, as a test wishes.

import assert from "node:assert/strict";

const put = async (url) => assert.equal((await fetch(url, { method: "PUT" })).status, 200);

/** From now on, the upstream does not say what a single district is, until `release`. */
export const hold = (upstream) => put(`${upstream}/hold`);

export const release = (upstream) => put(`${upstream}/release`);

/** Posts an event to the gateway: a visit to a district. The result is the number of fields that it is an event of. */
export async function visit(gateway, number, district = 3) {
  const response = await fetch(gateway.replace(/graphql$/, "hooks/lgd"), {
    method: "POST",
    headers: { "content-type": "application/json", "x-webhook-token": "sample-token" },
    body: JSON.stringify({ number, district }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text).fields;
}

/** Posts events until the subscription that begins has one of them. */
export async function post(gateway, begin) {
  let value;
  const first = begin().then((result) => (value = result));
  for (let number = 1; value === undefined; number += 1) {
    await visit(gateway, number);
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
  return value;
}
