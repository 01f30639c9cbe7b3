// The public schema and graphql-eslint's recommended rules for schemas.
//
// The arguments are the schema, and the file with the exceptions: `{ "rule", "at", "reason" }`, where `at` lists coordinates of
// what is reported (`District.name`). In a coordinate, `*` is for any text. The process fails if something is reported that is no
// exception, or if a coordinate is not needed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

import graphqlEslint from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { Source, buildSchema, getLocation, parse, visit } from "graphql";

const [file, exceptionsFile] = process.argv.slice(2).map((argument) => path.resolve(argument));
const text = readFileSync(file, "utf8");
const exceptions = JSON.parse(readFileSync(exceptionsFile, "utf8"));
for (const exception of exceptions) {
  assert.ok(exception.rule && exception.reason?.trim(), `without rule or reason: ${JSON.stringify(exception)}`);
  assert.ok(exception.at.length > 0, `without coordinates: ${JSON.stringify(exception)}`);
}
buildSchema(text);

// The coordinates of all definitions, with the lines that they are on.
const coordinates = [];
const source = new Source(text);
const parents = [];
visit(parse(source), {
  enter(node) {
    if (!node.name || !/Definition$|Extension$/.test(node.kind)) return;
    const parent = parents.at(-1);
    const name = node.name.value;
    const isArgument = node.kind === "InputValueDefinition" && parent?.includes(".");
    const member = isArgument ? `${parent}(${name}:)` : `${parent}.${name}`;
    const coordinate = parent === undefined ? name : member;
    const from = getLocation(source, node.loc.start).line;
    const to = getLocation(source, node.loc.end).line;
    coordinates.push({ coordinate, from, to });
    parents.push(coordinate);
  },
  leave(node) {
    if (node.name && /Definition$|Extension$/.test(node.kind)) parents.pop();
  },
});
// The innermost element is the last one that begins before the line.
const at = (line) => coordinates.findLast(({ from, to }) => from <= line && line <= to)?.coordinate ?? "";

const eslint = new ESLint({
  cwd: path.dirname(file),
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ["**/*.graphql"],
      plugins: { "@graphql-eslint": graphqlEslint },
      languageOptions: { parser: graphqlEslint.parser, parserOptions: { graphQLConfig: { schema: file } } },
      rules: graphqlEslint.configs["flat/schema-recommended"].rules,
    },
  ],
});
const [result] = await eslint.lintText(text, { filePath: file });
const reported = result.messages.map(({ ruleId, line, message }) => ({ rule: ruleId, at: at(line), line, message }));

const matches = (pattern, coordinate) => {
  const [first, ...others] = pattern.split("*").map((part) => part.replaceAll(/[^A-Za-z0-9_]/g, "\\$&"));
  return new RegExp(`^${[first, ...others].join(".*")}$`).test(coordinate);
};
const needed = new Set();
const unexpected = reported.filter((finding) => {
  const rule = finding.rule?.replace("@graphql-eslint/", "");
  for (const exception of exceptions.filter((one) => one.rule === rule)) {
    const pattern = exception.at.find((pattern) => matches(pattern, finding.at));
    if (pattern === undefined) continue;
    needed.add(`${rule} ${pattern}`);
    return false;
  }
  return true;
});
for (const { rule, at, line, message } of unexpected) {
  console.error(`${path.basename(file)}:${line} ${at}: ${message.replaceAll("\n", " ")} (${rule})`);
}
const patterns = exceptions.flatMap(({ rule, at }) => at.map((pattern) => `${rule} ${pattern}`));
const unneeded = patterns.filter((pattern) => !needed.has(pattern));
for (const pattern of unneeded) console.error(`an exception that is not needed: ${pattern}`);
console.log(`graphql-eslint: ${reported.length} reported, all but ${unexpected.length} are exceptions`);
process.exit(unexpected.length + unneeded.length === 0 ? 0 : 1);
