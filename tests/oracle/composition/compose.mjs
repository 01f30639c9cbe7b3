// Composes sets of subgraphs with an independent composer, which is used as a black box.
//
// Reads JSON from stdin: [{ "subgraphs": [{ "name", "sdl" }], "supergraph": null | SDL }]. Writes one line of JSON for
// each set: { "supergraph", "api" } where it is accepted, { "errors": [{ "code", "message" }] } where it is refused; and
// when the set came with a supergraph that Sangam wrote, "reading": what is read from it. "api" and "reading" are either
// { "api": SDL } or { "error": why it is no valid schema }.

import { readFileSync, writeSync } from "node:fs";
import { composeServices, transformSupergraphToPublicSchema } from "@theguild/federation-composition";
import { buildASTSchema, parse, print, validateSchema } from "graphql";

function validated(document) {
  const errors = validateSchema(buildASTSchema(document));
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join("; "));
  return document;
}

function api(make) {
  try {
    return { api: print(validated(make())) };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

function compose(subgraphs) {
  try {
    const services = subgraphs.map(({ name, sdl }) => ({
      name,
      url: `http://${name}.example/graphql`,
      typeDefs: parse(sdl),
    }));
    const result = composeServices(services);
    if (result.errors) {
      const errors = result.errors.map((error) => ({
        code: String(error.extensions?.code ?? "NO_CODE"),
        message: error.message,
      }));
      return { errors };
    }
    return { supergraph: result.supergraphSdl, api: api(() => result.publicDocumentNode) };
  } catch (error) {
    return { errors: [{ code: "THROWN", message: String(error?.message ?? error) }] };
  }
}

function read(supergraph) {
  return api(() => transformSupergraphToPublicSchema(validated(parse(supergraph))));
}

for (const { subgraphs, supergraph } of JSON.parse(readFileSync(0, "utf8"))) {
  const outcome = compose(subgraphs);
  if (supergraph) outcome.reading = read(supergraph);
  writeSync(1, `${JSON.stringify(outcome)}\n`);
}
