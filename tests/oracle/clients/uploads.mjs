// Clients that send files, and open one, as docs/clients.md says: apollo-upload-client, urql and curl attach a photograph to an
// application of the sample graph, and a script reads a certificate.
//
// The arguments are the URL of the gateway and docs/clients.md.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { gql } from "@apollo/client";

import { Page } from "./page.mjs";

const [url, document] = process.argv.slice(2);
const page = new Page(document);

const APPLY = gql`mutation ($input: ApplyForServiceInput!) {
  applyForService(input: $input) { trackedApplication { reference } userErrors { message } }
}`;
const ATTACH = gql`mutation ($input: AttachApplicationDocumentInput!) {
  attachApplicationDocument(input: $input) {
    trackedApplication { attachedDocuments { type documentId } }
    userErrors { message field }
  }
}`;

function application(key) {
  return {
    idempotencyKey: `upload-${key}`,
    serviceSlug: "income-certificate",
    districtLgdCode: "13",
    applicant: { name: "Sample Applicant", mobile: "0000007731" },
    consentId: "sample-consent",
    answers: [{ parameter: "financialYear", value: "2025-26" }, { parameter: "annualIncome", value: "90000" }],
  };
}

const ISSUED = "JK-CS22ND-V8YGJX-ZQAZRW-G3R46W";

const begin = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const content = new Uint8Array(1_000_000);
content.set(begin);

function photograph() {
  return new File([content], "me.png", { type: "image/png" });
}

// Applies; `mutate` gives the data of a mutation.
async function apply(name, mutate) {
  const { applyForService } = await mutate(APPLY, { input: application(name) });
  assert.deepEqual(applyForService.userErrors, []);
  return applyForService.trackedApplication.reference;
}

function isAttached(name, { attachApplicationDocument }) {
  assert.deepEqual(attachApplicationDocument.userErrors, []);
  const [document] = attachApplicationDocument.trackedApplication.attachedDocuments;
  assert.match(document.documentId, /^upload:[0-9a-f]{32}$/, name);
}

// Applies, and attaches the photograph.
async function attach(name, mutate) {
  const applicationReference = await apply(name, mutate);
  const input = { applicationReference, documentType: "income-declaration", file: photograph() };
  isAttached(name, await mutate(ATTACH, { input }));
}

async function apollo() {
  const { client } = await page.module("js client apollo-upload", url);
  await attach("apollo-upload-client", async (mutation, variables) => {
    const { data, error } = await client.mutate({ mutation, variables });
    assert.equal(error, undefined);
    return data;
  });
}

async function urql() {
  const { client } = await page.module("js client urql-upload", url);
  const mutate = async (mutation, variables) => {
    const { data, error } = await client.mutation(mutation, variables).toPromise();
    assert.equal(error, undefined);
    return data;
  };
  await attach("urql", mutate);
  return mutate;
}

async function curl(mutate) {
  writeFileSync(path.join(page.folder, "me.png"), content);
  const reference = await apply("curl", mutate);
  const command = page.text("sh upload", url);
  const ran = spawnSync("sh", ["-e", "-c", command], { cwd: page.folder, env: { ...process.env, reference }, encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  const { data, errors } = JSON.parse(ran.stdout);
  assert.equal(errors, undefined, ran.stdout);
  isAttached("curl", data);
}

// The certificate of an application that the stand-in has issued.
async function open() {
  const query = `{ trackedApplication(reference: "${ISSUED}") { certificate { url } } }`;
  const ask = async () => {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) });
    return (await response.json()).data.trackedApplication.certificate.url;
  };
  const { openFile } = await page.module("js client file", url);
  const file = await openFile(ask);
  assert.equal(file.type, "application/pdf");
  assert.match(await file.slice(0, 5).text(), /^%PDF-$/);
}

try {
  await apollo();
  await curl(await urql());
  await open();
  console.log("files: apollo-upload-client, urql, curl, fetch");
} finally {
  rmSync(page.folder, { recursive: true });
}
