// The page of `corsac demo`. Both origins serve this same file and make the same calls;
// what differs is only what the browser lets them read.
//
// Tests drive it through `window.corsac`: `{done, role, results}`.

import { GROUPS } from "/calls.js";

const CALLS = GROUPS.flatMap((group) => group.calls);
const BODY_SHOWN = 500;
// The gateway may record a decision just after its response left, so we ask again for a while.
const DECISION_DELAYS_MS = [0, 40, 80, 160, 320, 640, 1000];

let demo = null;

// ---- Asking what the gateway decided ----------------------------------------------------

function newCallId() {
  // Not `crypto.randomUUID`: it needs a secure context, which not every browser sees in *.localhost.
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function decisionsOf(call, outcome) {
  let decisions = [];
  for (const delay of DECISION_DELAYS_MS) {
    await pause(delay);
    const response = await fetch(`/decisions?call=${call}`, { cache: "no-store" });
    if (response.ok) decisions = await response.json();
    if (isWhole(decisions, outcome)) break;
  }
  return decisions;
}

function isWhole(decisions, outcome) {
  return isAdmission(outcome)
    ? decisions.some(({ kind }) => kind !== "preflight")
    : decisions.some(({ verdict }) => verdict === "denied");
}

function isAdmission(outcome) {
  return outcome === "read" || outcome === "opened";
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// ---- Judging what came of them ----------------------------------------------------------

function settle(spec, call, answer, decisions) {
  const { outcome: expected, status: expectedStatus = null } = spec.expected[demo.role];
  const result = {
    id: spec.id,
    call,
    // Nothing decided, nothing enforced: a broken network must not pass for a policy.
    outcome: decisions.length === 0 && !isAdmission(answer.outcome) ? "failed" : answer.outcome,
    status: answer.status ?? null,
    body: answer.body?.slice(0, BODY_SHOWN) ?? null,
    error: answer.error ?? null,
    expected,
    expectedStatus,
    headers: answer.headers ?? {},
    decisions,
  };
  result.agrees = agrees(result);
  result.asExpected = result.outcome === expected && result.status === expectedStatus && result.agrees;
  return result;
}

// Whether the browser did what the gateway decided.
function agrees({ outcome, decisions }) {
  const last = decisions.at(-1);
  return isAdmission(outcome) ? last?.verdict !== "denied" : last?.verdict === "denied";
}

function decider(decisions) {
  return decisions.find(({ verdict }) => verdict === "denied") ?? decisions.at(-1) ?? null;
}

// ---- Words ------------------------------------------------------------------------------

const STATUS_TEXT = {
  200: "OK", 204: "No Content", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
  413: "Content Too Large", 502: "Bad Gateway", 504: "Gateway Timeout",
};
const KINDS = {
  preflight: "Preflight",
  actual: "Actual request",
  websocket: "WebSocket handshake",
  "not-cors": "Not a CORS request",
};

function withText(status) {
  return STATUS_TEXT[status] ? `${status} ${STATUS_TEXT[status]}` : String(status);
}

function outcomeWords({ outcome, status, expected, expectedStatus, asExpected }) {
  if (asExpected) return isAdmission(outcome) ? outcome : `${outcome}, as it should be`;
  const actual = [outcome, status].filter(Boolean).join(" ");
  if (outcome === expected && status === expectedStatus) return `${actual}, against the gateway’s decision`;
  return `${actual}, should be ${[expected, expectedStatus].filter(Boolean).join(" ")}`;
}

function cameBack({ outcome, status, decisions }) {
  const last = decisions.at(-1);
  if (outcome === "read") return withText(status);
  if (outcome === "opened") return "connected, echo received";
  if (!last) return "no answer";
  if (last.kind === "preflight") return "not sent after its preflight";
  return last.kind === "websocket" ? withText(last.status) : `${last.status}, withheld`;
}

function browserWords({ outcome, decisions }) {
  const last = decisions.at(-1);
  if (outcome === "read") return "the response allows this origin.";
  if (outcome === "opened") return "the script sent a text and received it back.";
  if (outcome === "refused") return "no connection, and the script learns only this:";
  if (outcome === "failed" || !last) return "something other than the policy failed.";
  if (last.verdict !== "denied") return "the gateway allowed it, so something other than the policy failed.";
  if (last.kind === "preflight") return "the preflight failed, so the request was never sent. The script learns only this:";
  return `the server answered ${last.status}, but the response does not allow this origin. The script learns only this:`;
}

function summaryWords(results) {
  const wrong = results.filter(({ asExpected }) => !asExpected).length;
  if (wrong > 0) return `${wrong} of ${results.length} calls ended otherwise than they should.`;
  const open = results.filter(({ outcome }) => isAdmission(outcome)).length;
  return open === 0
    ? `${results.length} calls, all closed to this script, as they should be.`
    : `${results.length} calls, ${open} open to this script, ${results.length - open} closed: all as they should be.`;
}

// ---- Showing it -------------------------------------------------------------------------

const byId = (id) => document.getElementById(id);
const cards = new Map();
let pinned = null;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

// Backticks in a sentence become code. All of it stays text.
function prose(sentence) {
  return sentence.split("`").map((part, index) => (index % 2 ? element("code", "", part) : part));
}

const ICONS = {
  waiting: ["M8 12h8"],
  running: ["M12 4a8 8 0 1 1-8 8"],
  admitted: ["M5 12.5l4.5 4.5L19 7.5"],
  kept: ["M12 3l7.5 3v5.5c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5V6z", "M8.6 12.2l2.5 2.5 4.4-4.9"],
  wrong: ["M12 3.5 22 20.5H2z", "M12 10v5", "M12 17.8v.2"],
};

function icon(state) {
  const svgNamespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  for (const d of ICONS[state]) {
    const path = document.createElementNS(svgNamespace, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

function showPlace() {
  const { role, pages, api } = demo;
  document.documentElement.dataset.role = role;
  document.title = role === "app" ? "Corsac demo: the app page" : "Corsac demo: the foreign page";
  const { protocol, hostname, port } = location;
  byId("origin").replaceChildren(`${protocol}//`, element("strong", "", hostname), port && `:${port}`);
  byId("standing").replaceChildren(icon(role === "app" ? "admitted" : "kept"), standingWords(role));
  byId("api").replaceChildren(element("code", "", api));
  byId("to-app").href = pages.app;
  byId("to-foreign").href = pages.foreign;
  byId(role === "app" ? "to-app" : "to-foreign").setAttribute("aria-current", "page");
  if (new URL(pages[role]).origin !== location.origin) {
    showTrouble(`The policy knows this page as ${pages[role]}: open it there, or everything is blocked.`);
  }
}

function standingWords(role) {
  return role === "app"
    ? "The policy allows this origin: its scripts may read what the API answers."
    : "A stranger to the policy: its scripts read nothing here.";
}

function showTrouble(message) {
  byId("trouble").textContent = message;
  byId("trouble").hidden = false;
}

function buildCards() {
  for (const { title, calls } of GROUPS) {
    const group = byId("group-template").content.cloneNode(true);
    group.querySelector("h3").textContent = title;
    group.querySelector("ol").append(...calls.map(buildCard));
    byId("groups").append(group);
  }
  byId("progress").append(...CALLS.map(() => element("span", "")));
}

function buildCard(spec) {
  const root = byId("card-template").content.firstElementChild.cloneNode(true);
  const part = (name) => root.querySelector(`.${name}`);
  const button = root.querySelector("button");
  const card = { spec, root, part, button, result: null };
  root.id = `call-${spec.id}`;
  button.textContent = spec.title;
  part("request").textContent = spec.request;
  part("details").id = `details-${spec.id}`;
  button.setAttribute("aria-controls", part("details").id);
  root.addEventListener("click", (event) => clicked(card, event));
  root.addEventListener("pointerenter", () => spotlight(card));
  root.addEventListener("pointerleave", () => spotlight(pinned));
  root.addEventListener("focusin", () => spotlight(card));
  cards.set(spec.id, card);
  showState(card, "waiting", "waiting");
  return root;
}

function clicked(card, event) {
  const link = event.target.closest(".line-link");
  const isChoosingText = String(getSelection()) !== "";
  if (link) followLine(card, link, event);
  else if (!isChoosingText && !event.target.closest(".details")) toggle(card);
}

// Beside the list the line is in view already, and following the link would only move the page.
function followLine(card, link, event) {
  event.preventDefault();
  pinned = card;
  spotlight(card);
  const line = document.querySelector(link.hash);
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
}

function toggle(card, open = card.part("details").hidden) {
  card.part("details").hidden = !open;
  card.button.setAttribute("aria-expanded", String(open));
  if (open) pinned = card;
  spotlight(card);
}

// `#call-save` in the address opens that call's details: for links and pictures.
function openFromAddress() {
  const card = cards.get(location.hash.replace("#call-", ""));
  if (card) toggle(card, true);
}

function showState(card, state, words) {
  card.root.dataset.state = state;
  card.part("icon").replaceChildren(icon(state));
  card.part("outcome").textContent = words;
  const index = CALLS.indexOf(card.spec);
  const tick = byId("progress").children[index];
  if (tick) tick.dataset.state = state;
}

function showRunning(card) {
  card.result = null;
  for (const name of ["came-back", "decision", "details"]) card.part(name).replaceChildren();
  showState(card, "running", "running…");
}

function showResult(card, result) {
  card.result = result;
  const state = !result.asExpected ? "wrong" : isAdmission(result.outcome) ? "admitted" : "kept";
  showState(card, state, outcomeWords(result));
  card.part("came-back").textContent = cameBack(result);
  const decision = decider(result.decisions);
  if (decision) {
    card.part("decision").replaceChildren(element("span", "who", "Gateway "), ...verdictWords(decision));
  } else {
    card.part("decision").textContent = "The gateway recorded no decision.";
  }
  card.part("details").replaceChildren(...details(card.spec, result));
}

function verdictWords({ verdict, reason, line }) {
  const words = [element("b", `verdict ${verdict}`, `${verdict}: `), ...prose(reason)];
  if (line === null) return words;
  const link = element("a", "line-link", `policy line ${line}`);
  link.href = `#policy-line-${line}`;
  return [...words, ", ", link];
}

function details(spec, result) {
  const proves = typeof spec.proves === "string" ? spec.proves : spec.proves[demo.role];
  const steps = [...result.decisions.map(gatewayStep), browserStep(result)];
  const intent = result.asExpected ? "" : element("b", "", "What should happen: ");
  return [element("p", "", intent, ...prose(proves)), element("ol", "steps", ...steps)];
}

function gatewayStep({ kind, method, path, origin, status, headers, ...decision }) {
  // The page's own origin stands in the banner; only another one is news.
  const other = origin === location.origin ? "" : element("code", "", `Origin: ${origin ?? "none"}`);
  const head = element("p", "step-head",
    element("b", "", KINDS[kind] ?? kind),
    element("code", "", `${method} ${path}`),
    other,
    element("span", "answer", withText(status)));
  return element("li", "step", head, element("p", "why", ...verdictWords(decision)), message(headers));
}

function browserStep(result) {
  const head = element("p", "step-head", element("b", "", "Browser"));
  const verdict = element("b", `verdict ${isAdmission(result.outcome) ? "allowed" : "denied"}`, `${result.outcome}: `);
  const why = element("p", "why", verdict, browserWords(result));
  return element("li", "step", head, why, message(Object.entries(result.headers), result.error ?? result.body));
}

// Header fields and a body, the way HTTP writes them down.
function message(fields, body) {
  const lines = fields.flatMap(([name, value]) => [element("span", "field-name", `${name}: `), `${value}\n`]);
  if (fields.length > 0 && body) lines.push("\n");
  return fields.length > 0 || body ? element("pre", "", ...lines, body ?? "") : "";
}

// ---- The policy -------------------------------------------------------------------------

// One line of TOML at a time is enough for a policy file: it has no multi-line strings.
const TOML = new RegExp([
  /(?<comment>#.*)/,
  /(?<string>"(?:[^"\\]|\\.)*"|'[^']*')/,
  /(?<table>^\s*\[.*\])/,
  /(?<key>[\w.-]+(?=\s*=))/,
  /(?<value>\b(?:true|false|\d[\d_.]*)\b)/,
].map(({ source }) => source).join("|"), "g");

function highlighted(line) {
  const pieces = [];
  let end = 0;
  for (const match of line.matchAll(TOML)) {
    const [kind, text] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    pieces.push(line.slice(end, match.index), element("span", `toml-${kind}`, text));
    end = match.index + text.length;
  }
  return [...pieces, line.slice(end)];
}

function showPolicy({ file, lines }) {
  byId("policy-file").textContent = file;
  byId("policy-lines").replaceChildren(...lines.map((line, index) => {
    const item = element("li", "", element("code", "", ...highlighted(line)));
    item.id = `policy-line-${index + 1}`;
    item.tabIndex = -1;
    return item;
  }));
}

function spotlight(card) {
  const decision = card?.result ? decider(card.result.decisions) : null;
  for (const other of cards.values()) other.root.classList.toggle("lit", other === card);
  for (const lit of byId("policy-lines").querySelectorAll("[aria-current]")) lit.removeAttribute("aria-current");
  const line = decision?.line ? byId(`policy-line-${decision.line}`) : null;
  line?.setAttribute("aria-current", "true");
  if (line) keepInView(line);
  if (decision) byId("policy-caption").replaceChildren(...captionOf(card, decision));
}

function captionOf({ spec, result }, { line, verdict, reason }) {
  const subject = line === null ? "No single line" : `Line ${line}`;
  const words = result.agrees ? verdict : `${verdict} by the gateway, ${result.outcome} in the browser`;
  return [element("b", "", `${subject} decided “${spec.title}”: ${words}. `), ...prose(reason)];
}

// Scrolls the panel alone: `scrollIntoView` would move the page under the pointer as well.
function keepInView(line) {
  const panel = byId("policy-lines");
  const top = line.offsetTop - panel.offsetTop;
  const isVisible = top >= panel.scrollTop && top + line.offsetHeight <= panel.scrollTop + panel.clientHeight;
  if (!isVisible) panel.scrollTop = top - panel.clientHeight / 3;
}

// ---- Running it -------------------------------------------------------------------------

async function loadDemo() {
  const response = await fetch("/demo.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`/demo.json answered ${response.status}`);
  demo = await response.json();
  window.corsac.role = demo.role;
}

async function runCall(card) {
  showRunning(card);
  const call = newCallId();
  const answer = await card.spec.run(demo.api, call);
  const decisions = await decisionsOf(call, answer.outcome);
  const result = settle(card.spec, call, answer, decisions);
  showResult(card, result);
  return result;
}

async function runAll() {
  const again = byId("again");
  again.disabled = true;
  Object.assign(window.corsac, { done: false, results: [], error: null });
  byId("trouble").hidden = true;
  try {
    await loadDemo();
    showPlace();
    showPolicy(demo.policy);
    byId("summary").textContent = "Making them one after another…";
    delete byId("summary").dataset.state;
    for (const card of cards.values()) showState(card, "waiting", "waiting");
    for (const card of cards.values()) {
      window.corsac.results.push(await runCall(card));
      if (card.spec.id === pinned?.spec.id) spotlight(pinned);
    }
    showSummary(window.corsac.results);
  } catch (error) {
    window.corsac.error = String(error);
    showTrouble(`The demo’s own server does not answer (${error}). Is corsac demo still running?`);
  }
  window.corsac.done = true;
  again.disabled = false;
}

function showSummary(results) {
  const summary = byId("summary");
  summary.textContent = summaryWords(results);
  summary.dataset.state = results.every(({ asExpected }) => asExpected) ? "right" : "wrong";
}

window.corsac = { done: false, role: null, results: [], error: null };
buildCards();
pinned = cards.get(CALLS[0].id);
openFromAddress();
byId("again").addEventListener("click", runAll);
runAll();
