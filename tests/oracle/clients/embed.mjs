// The set-ups of docs/operations.md: what each client sends, and what it makes of the response.
//
// The arguments are docs/operations.md, and the URL of a gateway with the sample graph and its named operations, which pages of
// `http://127.0.0.1` with any port may read.

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import jsonata from "jsonata";

import { Page } from "./page.mjs";

const [document, gateway] = process.argv.slice(2);
const page = new Page(document, "https://data.example");
const ran = [];

// A program that is not there is a failure where nothing may be left out.
function has(program) {
  if (spawnSync("sh", ["-c", `command -v ${program}`]).status === 0) return true;
  assert.ok(!process.env.CI, `${program} is missing`);
  console.log(`\n*** SKIPPED: ${program} is missing\n`);
  return false;
}

const get = async (url, headers) => {
  const response = await fetch(url, { headers });
  assert.equal(response.status, 200, `${url}: ${await response.clone().text()}`);
  return response;
};

const district = (await (await get(`${gateway}/operations/DistrictPage?lgdCode=13`)).json()).data.district;
const works = district.works.nodes;
assert.ok(works.length > 1 && district.dggi.rank > 0);

function shell() {
  if (!has("curl") || !has("jq")) return;
  const printed = spawnSync("sh", ["-e", "-c", page.text("sh curl", gateway)], { encoding: "utf8" });
  assert.equal(printed.status, 0, printed.stderr);
  assert.equal(JSON.parse(printed.stdout), district.name);
  ran.push("curl and jq");
}

// Infinity puts the variables of the dashboard into the URL and the body, and selects the rows by JSONata (`root_selector`).
async function grafana() {
  const block = page.text("yaml infinity", gateway).replaceAll("${district}", "13");
  const of = (key) => block.match(new RegExp(`^${key}: (.*)$`, "m"))[1];
  const select = jsonata(of("rows/root"));
  assert.equal(of("method"), "GET");
  const got = await (await get(of("url"), { accept: "application/json;q=0.9,text/plain" })).json();
  assert.deepEqual([...(await select.evaluate(got))], works);
  const response = await fetch(of("url").split("?")[0], {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json;q=0.9,text/plain" },
    body: '{ "variables": { "lgdCode": "13" } }',
  });
  assert.deepEqual([...(await select.evaluate(await response.json()))], works);
  ran.push("Infinity");
}

// `Web.Contents` joins address, relative path and the escaped fields of `Query`, and sends a GET. `Table.FromRecords` needs a list
// of records; its columns are the fields of the first one.
async function powerQuery() {
  const text = page.text("text power-query", gateway);
  const [, base] = text.match(/Web\.Contents\("([^"]+)"/);
  const [, relative] = text.match(/RelativePath = "([^"]+)"/);
  const [, fields] = text.match(/Query = \[([^\]]+)\]/);
  const query = [...fields.matchAll(/(\w+) = "([^"]*)"/g)].map(([, name, value]) => `${name}=${encodeURIComponent(value)}`);
  const headers = { "user-agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)", "accept-encoding": "gzip, deflate" };
  const response = await get(`${base}/${relative}?${query.join("&")}`, headers);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  assert.ok(response.headers.get("etag") && response.headers.get("last-modified"));
  const rows = await response.json();
  assert.deepEqual(rows, works);
  const columns = Object.keys(rows[0]).join();
  assert.ok(rows.every((row) => Object.keys(row).join() === columns));
  ran.push("Power Query");
}

// `IMPORTDATA` sends a GET, and reads the response as CSV; `WEBSERVICE` gives the text of the response.
async function sheets() {
  const formulas = page.text("text sheets", gateway);
  const agent = "Mozilla/5.0 (compatible; GoogleDocs; apps-spreadsheets; +http://docs.google.com)";
  const [, table] = formulas.match(/=IMPORTDATA\("([^"]+)"\)/);
  const response = await get(table, { "user-agent": agent });
  assert.match(response.headers.get("content-type"), /^text\/csv/);
  const lines = (await response.text()).trimEnd().split("\r\n");
  assert.equal(lines.length, works.length + 1);
  assert.ok(lines[0].split(",").includes("code"));
  const [, number] = formulas.match(/WEBSERVICE\("([^"]+)"\)/);
  assert.equal(await (await get(number, { accept: "*/*" })).text(), String(district.dggi.rank));
  ran.push("Google Sheets and LibreOffice");
}

// The page comes from another origin than the operation. From an origin that is not allowed, its script cannot read the response.
async function browser() {
  if (!has("chromium")) return;
  const html = `<!doctype html><meta charset="utf-8">\n${page.text("html page", gateway)}`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const shown = async (host) => {
    const profile = mkdtempSync(path.join(tmpdir(), "sangam-chromium-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    flags.push("--disable-component-update", "--disable-sync", `--user-data-dir=${profile}`, "--virtual-time-budget=20000");
    try {
      const url = `http://${host}:${server.address().port}/`;
      const { stdout } = await promisify(execFile)("chromium", [...flags, "--dump-dom", url], { timeout: 120000 });
      return stdout.match(/<output id="rank">([^<]*)<\/output>, as of <output id="time">([^<]*)</).slice(1);
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  };
  const [rank, time] = await shown("127.0.0.1");
  assert.equal(rank, String(district.dggi.rank));
  assert.match(time, /\d{4}/);
  assert.deepEqual(await shown("localhost"), ["…", ""]);
  server.close();
  ran.push("a page in Chromium");
}

try {
  shell();
  await grafana();
  await powerQuery();
  await sheets();
  await browser();
  console.log(`embedded named operations: ${ran.join(", ")}`);
} finally {
  rmSync(page.folder, { recursive: true });
}
