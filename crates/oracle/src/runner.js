// Runs in the page or worker that asks: makes each call of its batch, and tells the server what
// came of it. Before this file stands `const batch = {…};`.
(async () => {
  const AT_ONCE = 6;
  const PATIENCE = 10_000;

  function made(body) {
    const value = body.value ?? "x";
    switch (body.kind) {
      case "blob": return new Blob([value], { type: body.type ?? "" });
      case "bytes": return new Uint8Array([1, 2, 3]);
      case "form": {
        const form = new FormData();
        form.append("a", "b");
        return form;
      }
      case "stream": return new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array([1, 2, 3]));
          controller.close();
        },
      });
      case "urlsearchparams": return new URLSearchParams("a=b");
      default: return value;
    }
  }

  async function fetched({ url, method, headers, body, ...words }) {
    const init = { method, headers: headers ?? [], signal: AbortSignal.timeout(PATIENCE) };
    for (const name of ["mode", "credentials", "redirect", "cache"]) {
      if (words[name] != null) init[name] = words[name];
    }
    if (body) init.body = made(body);
    if (body?.kind === "stream") init.duplex = "half";
    let request;
    try {
      request = new Request(url, init);
    } catch (error) {
      return { outcome: "invalid", error: String(error) };
    }
    try {
      const response = await fetch(request);
      const outcome = { opaque: "opaque", opaqueredirect: "opaqueredirect" }[response.type] ?? "ok";
      return { outcome, status: response.status, headers: [...response.headers.keys()] };
    } catch (error) {
      return { outcome: error.name === "TypeError" ? "blocked" : error.name, error: String(error) };
    }
  }

  function sent({ url, method, headers, credentials, body }, watchesUpload) {
    return new Promise(resolve => {
      const request = new XMLHttpRequest();
      const names = () => request.getAllResponseHeaders().split("\r\n").filter(Boolean).map(line => line.split(":")[0]);
      // Firefox sometimes calls it loaded when the connection was closed without an answer.
      const outcome = () => request.status === 0 ? "blocked" : "ok";
      request.onload = () => resolve({ outcome: outcome(), status: request.status, headers: names() });
      request.onerror = () => resolve({ outcome: "blocked", error: "error" });
      request.ontimeout = () => resolve({ outcome: "TimeoutError" });
      if (watchesUpload) request.upload.onprogress = () => {};
      try {
        request.open(method, url);
        request.timeout = PATIENCE;
        request.withCredentials = credentials === "include";
        for (const [name, value] of headers ?? []) request.setRequestHeader(name, value);
        request.send(body ? made(body) : null);
      } catch (error) {
        resolve({ outcome: "invalid", error: String(error) });
      }
    });
  }

  const results = [];
  const queue = batch.calls.values();
  async function work() {
    for (const { id, initiator, request } of queue) {
      const call = initiator === "fetch" ? fetched(request) : sent(request, initiator === "xhr-upload");
      results.push({ id, ...await call });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // Always blocked: what the console says of it comes after all that it says of the others.
  await fetch(batch.mark).catch(() => {});
  await fetch(batch.results, { method: "POST", mode: "no-cors", body: JSON.stringify(results) });
})();
