// Relay's compiler on the public schema: every connection works with `@connection` and `@refetchable`, and every type with a
// global id with a `@refetchable` fragment, which reads the object again by `Query.node`.
//
// The argument is the schema. For each of these fields and types, a module like that of an app is written, and all are compiled.
// Required arguments become arguments of the fragment.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { buildSchema, getNamedType, isLeafType, isObjectType, isRequiredArgument } from "graphql";
import compiler from "relay-compiler";

const file = path.resolve(process.argv[2]);
const schema = buildSchema(readFileSync(file, "utf8"));
const query = schema.getQueryType();
const node = schema.getType("Node");
const objects = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith("__"));
const hasId = (type) => node !== undefined && type.getInterfaces().includes(node);

const capital = (name) => name[0].toUpperCase() + name.slice(1);
const leaves = (type) =>
  Object.values(type.getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && !field.args.some(isRequiredArgument))
    .slice(0, 5)
    .map((field) => field.name);

// The fragment of a connection, as a list that loads more at its end.
function connection(type, field) {
  const module = `${type.name}${capital(field.name)}`;
  const element = getNamedType(getNamedType(getNamedType(field.type).getFields().edges.type).getFields().node.type);
  const required = field.args.filter(isRequiredArgument);
  const definitions = ["first: { type: \"Int\", defaultValue: 10 }", "after: { type: \"String\" }"]
    .concat(required.map((argument) => `${argument.name}: { type: "${argument.type}" }`));
  const values = ["first", "after"].concat(required.map((argument) => argument.name));
  const selection = isObjectType(element) ? ["__typename", ...leaves(element)].join(" ") : "__typename";
  return [
    module,
    `fragment ${module}_list on ${type.name}
      @argumentDefinitions(${definitions.join(" ")})
      @refetchable(queryName: "${module}PaginationQuery") {
      ${field.name}(${values.map((name) => `${name}: $${name}`).join(", ")}) @connection(key: "${module}_${field.name}") {
        edges { node { ${selection} } }
        totalCount
      }
    }`,
  ];
}

// The fragment of an object, which is read again after a change.
function refetchable(type) {
  const module = `${type.name}Detail`;
  return [
    module,
    `fragment ${module}_object on ${type.name} @refetchable(queryName: "${module}RefetchQuery") {
      ${["id", ...leaves(type).filter((name) => name !== "id")].join(" ")}
    }`,
  ];
}

const connections = objects.flatMap((type) =>
  type === query || hasId(type)
    ? Object.values(type.getFields())
        .filter((field) => getNamedType(field.type).name.endsWith("Connection"))
        .map((field) => connection(type, field))
    : [],
);
const entities = objects.filter(hasId).map(refetchable);
assert.ok(connections.length > 0, "the schema has no connection");

const folder = mkdtempSync(path.join(tmpdir(), "sangam-relay-"));
try {
  mkdirSync(path.join(folder, "src"));
  for (const [module, fragment] of [...connections, ...entities]) {
    writeFileSync(path.join(folder, "src", `${module}.ts`), `graphql\`\n${fragment}\n\`;\n`);
  }
  const configuration = { src: "src", schema: file, language: "typescript", artifactDirectory: "made", eagerEsModules: true };
  mkdirSync(path.join(folder, "made"));
  writeFileSync(path.join(folder, "relay.config.json"), JSON.stringify(configuration));
  writeFileSync(path.join(folder, "package.json"), "{}");
  const compiled = compiler
    ? spawnSync(compiler, ["relay.config.json"], { cwd: folder, encoding: "utf8" })
    : { error: new Error("it has no program for this platform") };
  if (compiled.error) {
    console.error(`\n*** SKIPPED: Relay's compiler does not run here: ${compiled.error.message}\n`);
    process.exitCode = process.env.CI ? 1 : 0;
  } else {
    if (compiled.status !== 0) console.error(compiled.stdout + compiled.stderr);
    assert.equal(compiled.status, 0, "Relay's compiler refuses the schema or an operation");
    const made = readdirSync(path.join(folder, "made"));
    for (const [module] of connections) {
      assert.ok(made.includes(`${module}PaginationQuery.graphql.ts`), `${module}: no query for the next part`);
    }
    for (const [module] of entities) {
      assert.ok(made.includes(`${module}RefetchQuery.graphql.ts`), `${module}: no query to read it again`);
    }
    console.log(`relay-compiler: ${connections.length} connections, ${entities.length} types with a global id`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
