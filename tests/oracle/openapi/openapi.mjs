// Holds the description of named operations (/operations/openapi.json) against a validator of OpenAPI, generates types from it with
// openapi-typescript, compiles a client of them with tsc, and runs that client against the gateway.
//
// Arguments: the URL of the gateway, and the client in TypeScript. The log of what was done is on standard output; an error ends it.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Validator } from "@seriousme/openapi-schema-validator";
import openapiTS, { astToString } from "openapi-typescript";

const [url, client] = process.argv.slice(2);
const folder = dirname(fileURLToPath(import.meta.url));

const response = await fetch(`${url}/operations/openapi.json`);
if (!response.ok) throw new Error(`the description has status ${response.status}`);
const description = await response.json();

const { valid, errors } = await new Validator().validate(structuredClone(description));
if (!valid) throw new Error(`the description is not valid: ${JSON.stringify(errors, null, 1)}`);
console.log(`valid: ${Object.keys(description.paths).length} paths`);

// The compiler looks for the packages in the folders above the client.
const made = mkdtempSync(join(folder, "client-"));
try {
  const types = astToString(await openapiTS(description));
  writeFileSync(join(made, "operations.d.ts"), types);
  copyFileSync(client, join(made, "client.ts"));
  const tsc = join(folder, "node_modules/typescript/bin/tsc");
  const options = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2023,dom", "--skipLibCheck", "false"];
  writeFileSync(join(made, "package.json"), '{ "type": "module" }');
  execFileSync(process.execPath, [tsc, ...options, "client.ts"], { cwd: made, stdio: "inherit" });
  console.log(`compiled: ${types.split("\n").length} lines of types`);
  execFileSync(process.execPath, [join(made, "client.js"), url], { stdio: "inherit" });
} finally {
  rmSync(made, { recursive: true });
}
