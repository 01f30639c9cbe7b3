// The blocks of a page of docs/, for the gateway of a test: as texts, and as modules.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const FENCE = /^```(.*)\n([\s\S]*?)^```$/gm;

// In a package of its own, as version 4 has the name of the package.
const VERSION_3 = [
  ["@apollo/client/core", "@apollo/client-3/core/index.js"],
  ["@apollo/client/link/persisted-queries", "@apollo/client-3/link/persisted-queries/index.js"],
  ["@apollo/client/link/batch-http", "@apollo/client-3/link/batch-http/index.js"],
  ["@apollo/client/link/subscriptions", "@apollo/client-3/link/subscriptions/index.js"],
];

export class Page {
  // `address` is that of the gateway in the page.
  constructor(file, address = "https://graph.example/graphql") {
    this.file = file;
    this.address = address;
    this.blocks = new Map([...readFileSync(file, "utf8").matchAll(FENCE)].map(([, name, text]) => [name, text]));
    // In the folder of the packages, so that imports are found.
    this.folder = mkdtempSync(path.join(import.meta.dirname, "page-"));
    this.modules = 0;
  }

  // The text of a block, for this gateway.
  text(name, url = this.address) {
    const block = this.blocks.get(name);
    assert.ok(block, `${this.file} has no block "${name}"`);
    const socket = (address) => address.replace(/^http/, "ws");
    return block.replaceAll(this.address, url).replaceAll(socket(this.address), socket(url));
  }

  // What a block exports, with this version of Apollo Client if the block has none in its name. `files` are copied beside it.
  async module(name, url, files = [], version = 4) {
    let text = this.text(name, url);
    if (name.includes("apollo3") || version === 3) {
      for (const [from, to] of VERSION_3) text = text.replace(`"${from}"`, `"${to}"`);
    }
    for (const file of files) copyFileSync(file, path.join(this.folder, path.basename(file)));
    const file = path.join(this.folder, `block-${(this.modules += 1)}.mjs`);
    writeFileSync(file, text);
    return await import(file);
  }
}
