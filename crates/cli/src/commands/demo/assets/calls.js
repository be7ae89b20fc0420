// The calls that both pages of `corsac demo` make: what each asks, what it proves, what must
// come of it on either page, and how it is made. Every call carries its id in the query, so
// that the page can ask for what the gateway decided about it.

const PATIENCE_MS = 10_000;

const READ = (status) => ({ outcome: "read", status });
const BLOCKED = { outcome: "blocked" };
const REFUSED = { outcome: "refused" };
const OPENED = { outcome: "opened" };

export const GROUPS = [
  {
    title: "What the policy names",
    calls: [
      {
        id: "items",
        title: "Read the items",
        request: "GET /items",
        proves: {
          app: "An origin of the policy reads the response, requested with credentials.",
          foreign: "The request is sent and answered, but the browser keeps the response from this script.",
        },
        expected: { app: READ(200), foreign: BLOCKED },
        run: (api, call) => fetched(api, call, "/items"),
      },
      {
        id: "save",
        title: "Save an item",
        request: "PUT /items/7, JSON",
        proves: {
          app: "A PUT with JSON needs a preflight. The policy allows both, and the response is readable.",
          foreign: "A PUT with JSON needs a preflight. It is denied, so the browser never sends the PUT.",
        },
        expected: { app: READ(200), foreign: BLOCKED },
        run: (api, call) =>
          fetched(api, call, "/items/7", {
            method: "PUT",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ name: "saxaul", colour: "sand" }),
          }),
      },
    ],
  },
  {
    title: "What it does not name",
    calls: [
      {
        id: "delete",
        title: "Delete an item",
        request: "DELETE /items/7",
        proves: "DELETE is not among the policy’s methods: the preflight is denied, whoever asks.",
        expected: { app: BLOCKED, foreign: BLOCKED },
        run: (api, call) => fetched(api, call, "/items/7", { method: "DELETE" }),
      },
      {
        id: "header",
        title: "Add a header",
        request: "GET /items, x-debug: 1",
        proves: "`x-debug` is not among the policy’s request headers: the preflight is denied, whoever asks.",
        expected: { app: BLOCKED, foreign: BLOCKED },
        run: (api, call) => fetched(api, call, "/items", { headers: { "x-debug": "1" } }),
      },
    ],
  },
  {
    title: "Errors are responses too",
    calls: [
      errorCall({
        id: "unauthorized",
        title: "Not signed in",
        request: "GET /private",
        status: 401,
        toApp: "The API’s 401 carries CORS headers, so the script learns why.",
        run: (api, call) => fetched(api, call, "/private"),
      }),
      errorCall({
        id: "missing",
        title: "No such route",
        request: "GET /no/such/route",
        status: 404,
        toApp: "The gateway makes this 404 itself, and it is as readable as any response.",
        run: (api, call) => fetched(api, call, "/no/such/route"),
      }),
      errorCall({
        id: "large",
        title: "Too large a body",
        request: "POST /upload, 2 MiB",
        status: 413,
        toApp: "The body is over the limit. The gateway’s 413 is readable, not a mystery.",
        run: (api, call) => fetched(api, call, "/upload", { method: "POST", body: "x".repeat(2 * 1024 * 1024) }),
      }),
      errorCall({
        id: "down",
        title: "Upstream down",
        request: "GET /down",
        status: 502,
        toApp: "The upstream refuses connections. The gateway’s 502 is readable.",
        run: (api, call) => fetched(api, call, "/down"),
      }),
      errorCall({
        id: "slow",
        title: "Upstream too slow",
        request: "GET /slow",
        status: 504,
        toApp: "The upstream takes too long. The gateway’s 504 is readable.",
        run: (api, call) => fetched(api, call, "/slow"),
      }),
    ],
  },
  {
    title: "Other ways in",
    calls: [
      {
        id: "socket",
        title: "Open a WebSocket",
        request: "WebSocket /echo",
        proves: {
          app: "CORS does not cover WebSockets, so the gateway checks the origin itself, and lets this one in.",
          foreign: "CORS does not cover WebSockets, so the gateway checks the origin itself, and refuses this one.",
        },
        expected: { app: OPENED, foreign: REFUSED },
        run: echoed,
      },
      {
        id: "sandbox",
        title: "Sandboxed frame",
        request: "GET /items, Origin: null",
        proves: "A sandboxed frame has an opaque origin, sent as `null`. Any website can make one, so it is not let in.",
        expected: { app: BLOCKED, foreign: BLOCKED },
        run: sandboxed,
      },
    ],
  },
];

// An error is as readable to the app page as any response, and as closed to the foreign page.
function errorCall({ status, toApp, ...call }) {
  const proves = { app: toApp, foreign: `A stranger’s script cannot tell this ${status} from any other answer.` };
  return { ...call, proves, expected: { app: READ(status), foreign: BLOCKED } };
}

// ---- Making the calls -------------------------------------------------------------------

function apiUrl(api, path, call) {
  const url = new URL(path, api);
  url.searchParams.set("call", call);
  return url;
}

async function fetched(api, call, path, init = {}) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(apiUrl(api, path, call), { credentials: "include", signal, ...init });
    const body = await response.text();
    return { outcome: "read", status: response.status, body, headers: Object.fromEntries(response.headers) };
  } catch (error) {
    // A browser reports a CORS failure and a broken connection alike; the page tells them apart.
    return { outcome: signal.aborted ? "failed" : "blocked", error: String(error) };
  }
}

function echoed(api, call) {
  const url = apiUrl(api, "/echo", call);
  url.protocol = url.protocol.replace("http", "ws");
  const text = `hello from ${location.origin}`;
  const socket = new WebSocket(url);
  return withPatience((resolve) => {
    let opened = false;
    socket.onopen = () => {
      opened = true;
      socket.send(text);
    };
    socket.onmessage = ({ data }) => {
      resolve(data === text ? { outcome: "opened", body: data } : { outcome: "failed", error: "the echo differs" });
    };
    socket.onclose = ({ code }) => {
      resolve({ outcome: opened ? "failed" : "refused", error: `WebSocket closed with code ${code}` });
    };
  }).finally(() => socket.close());
}

function sandboxed(api, call) {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.className = "offstage";
  frame.title = "Sandboxed frame";
  frame.src = `/sandboxed.html?${new URLSearchParams({ api, call })}`;
  let listener;
  return withPatience((resolve) => {
    listener = ({ source, data }) => {
      // The frame's origin is opaque, so only its window identifies it.
      if (source === frame.contentWindow && data.call === call) resolve(data);
    };
    addEventListener("message", listener);
    document.body.append(frame);
  }).finally(() => {
    removeEventListener("message", listener);
    frame.remove();
  });
}

function withPatience(start) {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ outcome: "failed", error: "no answer in time" }), PATIENCE_MS);
    start(resolve);
  });
}
