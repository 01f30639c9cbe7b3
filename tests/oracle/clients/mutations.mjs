// Every mutation of the sample graph, as an app would send it.
//
// A scenario gives the pages that are open, the text of the mutation, which selects what they show, and the inputs that are sent one
// after the other.

import assert from "node:assert/strict";

const APPLICATION = `
  id reference
  attachedDocuments { type name attachedOn }
  requiredDocuments { type name isMandatory isAttached }
  payment { receiptNumber amountInRupees mode paidOn }
  history { number happenedOn stage by officer remark }
  application {
    id status service { id slug name } district { id name } appliedOn dueOn decidedOn overdueInDays nextStep { action by dueOn text }
  }`;
const TRACKING = `query ($reference: ID!) { trackedApplication(reference: $reference) { ${APPLICATION} } }`;
const GRIEVANCE = "id reference status ageInDays reminderCount pendingAt";
const WORK = "id feedbackCount averageRating feedback(first: 20) { totalCount nodes { id number rating comment givenOn } }";
const SERVICE = "id code name averageRating ratingCount";

function text(mutation, object, fields) {
  const input = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
  return `mutation ($input: ${input}!) { ${mutation}(input: $input) { ${object} { ${fields} } userErrors { message } } }`;
}

const APPLY = text("applyForService", "trackedApplication", APPLICATION);
const application = (run) => ({
  idempotencyKey: `apply-${run}`,
  serviceSlug: "income-certificate",
  districtLgdCode: "13",
  applicant: { name: "Sample Applicant", mobile: "0000007731" },
  consentId: "sample-consent",
  answers: [{ parameter: "financialYear", value: "2025-26" }, { parameter: "annualIncome", value: "90000" }],
});

// The application of a run.
export async function filed(ask, run) {
  const { applyForService } = await ask(APPLY, { input: application(run) });
  assert.deepEqual(applyForService.userErrors, []);
  return applyForService.trackedApplication;
}

async function tracking(ask, run) {
  const { reference } = await filed(ask, run);
  return { reference, pages: [{ query: TRACKING, variables: { reference } }] };
}

async function attachApplicationDocument(ask, run) {
  const { reference, pages } = await tracking(ask, run);
  const inputs = [{ applicationReference: reference, documentType: "income-declaration", documentId: "sample-document" }];
  return { pages, text: text("attachApplicationDocument", "trackedApplication", APPLICATION), inputs };
}

async function payApplicationFee(ask, run) {
  const { reference, pages } = await tracking(ask, run);
  const inputs = [{ idempotencyKey: `pay-${run}`, applicationReference: reference, amountInRupees: "10.00", mode: "UPI" }];
  return { pages, text: text("payApplicationFee", "trackedApplication", APPLICATION), inputs };
}

// The same key gives the same application, which the page shows already.
async function applyForService(ask, run) {
  const { pages } = await tracking(ask, run);
  return { pages, text: APPLY, inputs: [application(run)] };
}

async function sendGrievanceReminder(ask) {
  const list = "{ grievances(filter: { isOpen: true, olderThanInDays: 28 }, first: 5) { nodes { id reference reminderCount } } }";
  const { grievances } = await ask(list);
  const { reference } = grievances.nodes[0];
  const query = `query ($reference: ID!) { grievance(reference: $reference) { ${GRIEVANCE} } }`;
  const inputs = [{ grievanceReference: reference }];
  const pages = [{ query, variables: { reference } }, { query: list }];
  return { pages, text: text("sendGrievanceReminder", "grievance", GRIEVANCE), inputs };
}

async function giveWorkFeedback(ask) {
  const list = "{ works(first: 5) { nodes { id code feedbackCount averageRating } } }";
  const { works } = await ask(list);
  const { code } = works.nodes[0];
  const query = `query ($code: ID!) { work(code: $code) { ${WORK} } }`;
  const inputs = [5, 1].map((rating) => ({ workCode: code, rating, comment: `Sample comment, ${rating}` }));
  const fields = `id number rating comment givenOn work { ${WORK} }`;
  const pages = [{ query, variables: { code } }, { query: list }];
  return { pages, text: text("giveWorkFeedback", "workFeedback", fields), inputs };
}

async function rateUmangService(ask, run) {
  const home = `{ umangHome(count: 5) { popular { ${SERVICE} } } }`;
  const { umangHome } = await ask(home);
  const { code } = umangHome.popular[0];
  const query = `query ($code: ID!) { umangService(code: $code) { ${SERVICE} } }`;
  const inputs = [{ umangServiceCode: code, deviceId: `sample-device-${run}`, rating: 1 }];
  const pages = [{ query, variables: { code } }, { query: home }];
  return { pages, text: text("rateUmangService", "umangService", SERVICE), inputs };
}

// The scenarios, in an order in which each changes what the pages show, unless it says otherwise.
export function mutations(ask, run) {
  const scenarios = [attachApplicationDocument, payApplicationFee, applyForService, sendGrievanceReminder, giveWorkFeedback, rateUmangService];
  return scenarios.map((start) => ({
    mutation: start.name,
    changes: start !== applyForService,
    start: () => start(ask, run),
  }));
}
