// The pages of docs/live.md and docs/operations.md in Chromium: they follow a change in a stand-in, also after the network was gone,
// and show what a slow department has when it is there.
//
// The arguments are the URL of a gateway with the sample graph, docs/live.md, docs/operations.md, the URL of the stand-in of the
// service desk, and the URL at which the grievance cell is held (`PUT /hold`) and released (`PUT /release`).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { Network } from "./network.mjs";
import { Page } from "./page.mjs";
import { hold, release } from "./upstream.mjs";

const [gateway, live, operations, desk, grievances] = process.argv.slice(2);

const { stdout: found } = spawnSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"]);
const executablePath = String(found).trim();
if (executablePath === "") {
  assert.ok(!process.env.CI, "chromium is missing");
  console.log("\n*** SKIPPED: chromium is missing\n");
  process.exit(0);
}

/** What the desk accepts. */
const key = { "content-type": "application/json", "x-apisetu-clientid": "sample-client", "x-apisetu-apikey": "sample-key" };

/** The desk posts its changes to the gateway. */
async function follow() {
  const body = JSON.stringify({ url: `${gateway}/hooks/services`, token: "sample-token" });
  const response = await fetch(`${desk}/eunnat/v1/callback`, { method: "PUT", headers: key, body });
  assert.ok(response.ok, await response.text());
}

/** Another program files an application in the district, without the gateway. */
async function file(number) {
  const body = JSON.stringify({
    serviceId: "income-certificate",
    districtCode: 13,
    applicant: { name: "Sample Applicant", mobile: "0000007731" },
    consentId: "sample-consent",
    parameters: [{ name: "financialYear", value: "2025-26" }, { name: "annualIncome", value: "90000" }],
  });
  const headers = { ...key, "idempotency-key": `page-${number}` };
  const response = await fetch(`${desk}/eunnat/v1/applications`, { method: "POST", headers, body });
  assert.equal(response.status, 201, await response.text());
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Opens a page that an ordinary server has. */
async function open(files) {
  const server = createServer(({ url }, response) => {
    const [type, text] = files[url] ?? ["text/plain", ""];
    response.setHeader("content-type", `${type}; charset=utf-8`);
    response.end(text);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const page = await browser.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return page;
}

const html = (text) => open({ "/": ["text/html", `<!doctype html>\n${text}`] });

/** Waits until an element shows a text. */
async function shows(page, selector, text) {
  const shown = (element) => document.querySelector(element.selector)?.textContent === element.text;
  await page.waitForFunction(shown, { selector, text: String(text) }, { timeout: 60_000 });
}

/** The number that an element shows. */
async function number(page, selector) {
  const isNumber = (element) => /^\d+$/.test(document.querySelector(element)?.textContent);
  await page.waitForFunction(isNumber, selector, { timeout: 60_000 });
  return Number(await page.textContent(selector));
}

async function plainPages() {
  const network = new Network();
  const phone = (await network.open(`${gateway}/`)).replace(/\/$/, "");
  const document = new Page(live, "https://graph.example");
  const [named, query, asleep] = await Promise.all([
    html(document.text("html page", gateway)),
    html(document.text("html query", gateway)),
    html(document.text("html page", phone)),
  ]);
  const pages = [named, query, asleep];
  const [count] = await Promise.all(pages.map((page) => number(page, "#applications")));
  await shows(named, "h1", "Srinagar");
  await file(1);
  await Promise.all(pages.map((page) => shows(page, "#applications", count + 1)));
  // What happens while the phone sleeps reaches the others.
  const wake = network.sleep();
  await file(2);
  await file(3);
  await Promise.all([named, query].map((page) => shows(page, "#applications", count + 3)));
  await shows(asleep, "#applications", count + 1);
  wake();
  await shows(asleep, "#applications", count + 3);
  await file(4);
  await Promise.all(pages.map((page) => shows(page, "#applications", count + 4)));
  console.log("plain HTML in Chromium: follows a change in the stand-in, and goes on after a sleep");
}

/** The page of docs/operations.md. */
async function operationsPage() {
  const document = new Page(operations, "https://data.example");
  const page = await html(document.text("html live", gateway));
  assert.ok((await number(page, "#works")) > 0);
}

async function react() {
  const document = new Page(live);
  const bundle = await build({
    stdin: { contents: document.text("jsx stream react", `${gateway}/graphql`), resolveDir: import.meta.dirname, loader: "jsx" },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await hold(grievances);
  const page = await open({
    "/": ["text/html", '<!doctype html><div id="root"></div><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", bundle.outputFiles[0].text],
  });
  await shows(page, "h1", "Srinagar");
  assert.ok((await number(page, "#rank")) > 0);
  assert.equal(await page.textContent("#grievances"), "…");
  await release(grievances);
  assert.ok((await number(page, "#grievances")) > 0);
  console.log("React with Apollo Client 4 in Chromium: the slow half of a district's page is deferred");
}

await follow();
await react();
await plainPages();
await operationsPage();
await browser.close();
process.exit(0);
