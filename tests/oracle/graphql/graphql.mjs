// graphql-js, the reference implementation, as a black box: JSON lines in, for each a JSON line out.
//
// { "schema": SDL }: what the following is about. Answers { "problems": [text] }.
// { "validate": operation }: answers { "errors": [{ "message", "locations" }] }, of parsing or of validation.
// { "introspect": true }: answers { "query", "introspection" }: a query, and what the schema answers to it.
// { "execute": operation, "variables", "resolved": [[path, arguments, value]] }: executes over what was resolved
//   elsewhere: to which value at which path with which arguments. A value is null, { "leaf": JSON }, { "list": [value] },
//   { "object": type } or { "error": true }. Answers { "response": { "data", "errors": [{ "path" }] }, "unlike": [text] },
//   where "unlike" says what was resolved otherwise.

import { createInterface } from "node:readline";
import {
  GraphQLError,
  buildSchema,
  executeSync,
  getIntrospectionQuery,
  introspectionFromSchema,
  parse,
  responsePathAsArray,
  validate,
  validateSchema,
} from "graphql";

// What is in the specification of October 2021, and oneOf input objects; of the rules, also the bound on introspection.
const edition = {
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: false,
  oneOf: true,
  experimentalDirectiveDeprecation: false,
};

let schema;

// Descriptions of operations and of what belongs to them are of a later edition.
function described(document) {
  const nodes = document.definitions.flatMap((own) => [own, ...(own.variableDefinitions ?? [])]);
  const operations = nodes.filter(({ kind }) => /^(Operation|Fragment|Variable)Definition$/.test(kind));
  return operations.find(({ description }) => description);
}

function errorsOf(text) {
  try {
    const document = parse(text);
    const later = described(document);
    if (later) return [new GraphQLError("Syntax Error: Unexpected description", { nodes: later.description })];
    return validate(schema, document, undefined, { maxErrors: 1000 });
  } catch (error) {
    return [error];
  }
}

function value(given) {
  if (given === null) return null;
  if ("error" in given) return new Error("it has failed");
  if ("list" in given) return given.list.map(value);
  return "object" in given ? { __typename: given.object } : given.leaf;
}

function sorted(json) {
  if (Array.isArray(json)) return json.map(sorted);
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(Object.keys(json).sort().map((name) => [name, sorted(json[name])]));
}

function execute(text, variableValues, resolved) {
  const known = new Map(resolved.map(([path, given, value]) => [JSON.stringify(path), { given, value }]));
  const unlike = [];
  const fieldResolver = (_source, given, _context, info) => {
    const path = JSON.stringify(responsePathAsArray(info.path));
    const here = known.get(path);
    const [ours, theirs] = [here?.given, given].map((json) => JSON.stringify(sorted(json ?? null)));
    if (ours !== theirs) unlike.push(`${path}: resolved there with ${theirs}, here with ${ours}`);
    return here ? value(here.value) : null;
  };
  const { data, errors } = executeSync({ schema, document: parse(text), variableValues, rootValue: {}, fieldResolver });
  return { response: { data, errors: errors?.map(({ path, message }) => ({ path, message })) }, unlike };
}

function answer(asked) {
  if ("schema" in asked) {
    schema = buildSchema(asked.schema);
    return { problems: validateSchema(schema).map((error) => error.message) };
  }
  if ("validate" in asked) {
    return { errors: errorsOf(asked.validate).map(({ message, locations }) => ({ message, locations: locations ?? [] })) };
  }
  if ("introspect" in asked) {
    return { query: getIntrospectionQuery(edition), introspection: introspectionFromSchema(schema, edition) };
  }
  return execute(asked.execute, asked.variables, asked.resolved);
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
