// Clients that send files (apollo-upload-client, urql) attach a photograph to an application of the sample graph.
//
// The argument is the URL of the gateway.

import assert from "node:assert/strict";

import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";

const url = process.argv[2];
// Without it the gateway refuses a request with files, which a page of another origin could send.
const headers = { "Apollo-Require-Preflight": "true" };

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

const begin = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const content = new Uint8Array(1_000_000);
content.set(begin);

function photograph() {
  return new File([content], "me.png", { type: "image/png" });
}

// Applies, and attaches the photograph; `mutate` gives the data of a mutation.
async function attach(name, mutate) {
  const { applyForService } = await mutate(APPLY, { input: application(name) });
  assert.deepEqual(applyForService.userErrors, []);
  const applicationReference = applyForService.trackedApplication.reference;
  const input = { applicationReference, documentType: "income-declaration", file: photograph() };
  const { attachApplicationDocument } = await mutate(ATTACH, { input });
  assert.deepEqual(attachApplicationDocument.userErrors, []);
  const [document] = attachApplicationDocument.trackedApplication.attachedDocuments;
  assert.match(document.documentId, /^upload:[0-9a-f]{32}$/, name);
}

const apollo = new ApolloClient({ link: new UploadHttpLink({ uri: url, headers }), cache: new InMemoryCache() });
await attach("apollo-upload-client", async (mutation, variables) => {
  const { data, error } = await apollo.mutate({ mutation, variables });
  assert.equal(error, undefined);
  return data;
});

const urql = new Client({ url, preferGetMethod: false, exchanges: [fetchExchange], fetchOptions: { headers } });
await attach("urql", async (mutation, variables) => {
  const { data, error } = await urql.mutation(mutation, variables).toPromise();
  assert.equal(error, undefined);
  return data;
});
