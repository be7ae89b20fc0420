// Makes the calls of a page, one after the other, and tells its server what came of them.
"use strict";

const withHeaders = async answer => ({
  status: answer.status,
  body: await answer.text(),
  headers: Object.fromEntries(answer.headers),
});

const hiddenFrame = attributes => {
  const frame = Object.assign(document.createElement("iframe"), attributes);
  frame.hidden = true;
  document.body.append(frame);
  return frame;
};

// A form as the classic example has it: nobody sees it, and nobody clicks.
const makeForm = (owner, url, { method = "POST", enctype = "", fields = { amount: "1000" } }, target) => {
  const form = owner.createElement("form");
  Object.assign(form, { method, action: url, hidden: true, target });
  if (enctype) form.enctype = enctype;
  for (const [name, value] of Object.entries(fields)) {
    const input = owner.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  owner.body.append(form);
  return form;
};

const kinds = {
  fetch: async (url, init) => withHeaders(await fetch(url, { credentials: "include", ...init })),
  opaque: async (url, init) =>
    (await fetch(url, { mode: "no-cors", credentials: "include", ...init })).type,
  beacon: (url) => navigator.sendBeacon(url, "amount=1000"),
  image: (url) => new Promise(done => {
    const image = new Image();
    image.onload = () => done("loaded");
    image.onerror = () => done("nothing");
    image.src = url;
  }),
  framed: (url, form, id) => {
    const name = `frame-${id}`;
    hiddenFrame({ name });
    makeForm(document, url, form, name).submit();
    return "sent";
  },
  sandboxed: (url, form) => {
    const text = `<body><script>const makeForm = ${makeForm};
      makeForm(document, ${JSON.stringify(url)}, ${JSON.stringify(form)}, "_self").submit();<\/script>`;
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-forms allow-scripts");
    frame.srcdoc = text;
    document.body.append(frame);
    return "sent";
  },
  socket: (url) => new Promise(done => {
    const socket = new WebSocket(url.replace(/^http/, "ws"));
    socket.onopen = () => done("opened");
    socket.onerror = () => done("refused");
  }),
  // These leave the page.
  form: (url, form) => {
    makeForm(document, url, form, "_self").submit();
    return "sent";
  },
  link: (url) => {
    location.href = url;
    return "sent";
  },
};

(async () => {
  const results = {};
  for (const [id, kind, url, argument] of window.calls) {
    try {
      results[id] = await kinds[kind](url, argument, id);
    } catch (error) {
      results[id] = error.name;
    }
  }
  await fetch(window.done, { method: "POST", body: JSON.stringify(results) });
})();
