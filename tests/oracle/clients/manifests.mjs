// Writes the manifests of three apps, each with the tool of its client: Apollo's generator, Relay's compiler, and the client preset of
// GraphQL Code Generator.
//
// The arguments are docs/clients.md, whose configurations are used, the schema, and a folder. The manifests are in its subfolder `apps`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildSchema, parse } from "graphql";
import compiler from "relay-compiler";

import { Page } from "./page.mjs";

const [document, schemaFile, folder] = process.argv.slice(2);
const page = new Page(document);
const apps = path.join(folder, "apps");
mkdirSync(apps);

function run(program, args, cwd) {
  const ran = spawnSync(program, args, { cwd, encoding: "utf8" });
  assert.equal(ran.status, 0, `${program}: ${ran.error ?? ran.stdout + ran.stderr}`);
}

function app(name, files) {
  const at = path.join(folder, name);
  mkdirSync(path.join(at, "src"), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(at, file), text);
  return at;
}

function apollo() {
  // The fragment is after its use, and the manifest sorts them.
  const source = `import { gql } from "@apollo/client";
    export const QUERY = gql\`query ApolloNames { districts { ...Part } } fragment Part on District { name code }\`;`;
  const at = app("apollo", { "src/app.js": source });
  const bin = path.join(import.meta.dirname, "node_modules/.bin/generate-persisted-query-manifest");
  run(bin, [], at);
  copyFileSync(path.join(at, "persisted-query-manifest.json"), path.join(apps, "apollo.json"));
}

function relay() {
  const at = app("relay", {
    "src/app.js": "graphql`query appNamesQuery { districts { name } }`;\n",
    "schema.graphql": readFileSync(schemaFile, "utf8"),
    "package.json": "{}",
    "persisted_queries.json": "{}",
    "relay.config.json": page.text("json relay.config.json"),
  });
  run(compiler, ["relay.config.json"], at);
  copyFileSync(path.join(at, "persisted_queries.json"), path.join(apps, "relay.json"));
}

// As `graphql-codegen` does; its program needs many more packages than its preset.
async function generator() {
  const { default: configuration } = await page.module("js codegen.config");
  const [[output, { presetConfig }]] = Object.entries(configuration.generates);
  const text = "query CodegenNames($code: ID!) { district(code: $code) { name } districts { code } }";
  const schemaAst = buildSchema(readFileSync(schemaFile, "utf8"));
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: output,
    schema: parse(readFileSync(schemaFile, "utf8")),
    schemaAst,
    documents: [{ location: "src/app.graphql", document: parse(text), rawSDL: text }],
    config: {},
    presetConfig,
    plugins: [],
    pluginMap: {},
    pluginContext: {},
  });
  const at = app("codegen", {});
  for (const section of sections) {
    const name = path.basename(section.filename);
    // The manifest has what the module of the operations registers, so the order counts.
    writeFileSync(path.join(at, name), await codegen(section));
  }
  copyFileSync(path.join(at, "persisted-documents.json"), path.join(apps, "codegen.json"));
}

try {
  apollo();
  relay();
  await generator();
} finally {
  rmSync(page.folder, { recursive: true });
}
