// Merges the payloads of incremental responses as clients do: Apollo Client 4 in each format, and @graphql-tools/utils in the older
// one, which is the only one that it reads.
//
// JSON lines in, { "query", "format", "payloads": [text] }, for each a JSON line out: { name: { "data" } }.

import { createInterface } from "node:readline";

import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { mergeIncrementalResult } from "@graphql-tools/utils";
import { parse } from "graphql";

function apollo(Handler, query, payloads) {
  const request = new Handler().startRequest({ query });
  let merged;
  for (const payload of payloads) merged = request.handle(merged?.data, payload);
  return { data: merged.data, hasNext: request.hasNext };
}

function tools([executionResult, ...rest]) {
  for (const incrementalResult of rest) mergeIncrementalResult({ incrementalResult, executionResult });
  return { data: executionResult.data, hasNext: rest.at(-1).hasNext };
}

function answer({ query, format, payloads }) {
  const document = parse(query);
  const read = () => payloads.map((payload) => JSON.parse(payload));
  if (format === "v0.2") return { "Apollo Client 4": apollo(GraphQL17Alpha9Handler, document, read()) };
  return {
    "Apollo Client 4": apollo(Defer20220824Handler, document, read()),
    "@graphql-tools/utils": tools(read()),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
