// A client of the sample graph's named operations, in the types that openapi-typescript generates of their description.

import type { components, paths } from "./operations.js";

/** The parameters of a path's GET, and its JSON. */
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? Q : never;
type Json<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer R } } } };
}
  ? R
  : never;

declare const process: { argv: string[] };
const base = process.argv[2];

async function get<P extends keyof paths>(path: P, query: Query<P>): Promise<Json<P>> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      parameters.append(name, String(one));
    }
  }
  const response = await fetch(`${base}${path}?${parameters}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Json<P>;
}

const page = await get("/operations/DistrictPage", { lgdCode: "13" });
const name: string | null | undefined = page.data.district?.name;
if (name !== "Srinagar") throw new Error(`the district is ${name}`);
const works = page.data.district?.works?.nodes;
const titles: (string | null | undefined)[] = (works ?? []).map((work) => work?.title);
if (titles.length === 0) throw new Error("there are no works");

// An input object is JSON as text, an enum one of its values.
const filter: components["schemas"]["WorkFilter"] = { status: "IN_PROGRESS" };
const found = await get("/operations/WorksSearch", { filter: JSON.stringify(filter) });
const count: number | undefined = found.data.workSummary?.workCount;
if (!count) throw new Error("no work is in progress");

// A variable that does not exist, a field that was not selected, and a value that is none of an enum do not compile.
async function wrong() {
  // @ts-expect-error
  await get("/operations/DistrictPage", { lgdCod: "13" });
  // @ts-expect-error
  page.data.district?.population;
  // @ts-expect-error
  const status: components["schemas"]["WorkStatus"] = "STOPPED";
  return status;
}
void wrong;

console.log(`ran: ${name}, ${titles.length} works of ${count}`);
