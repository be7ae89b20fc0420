// V8.
const lines = require("node:readline").createInterface({ input: process.stdin });
const text = (hex) => Buffer.from(hex.slice(1), "hex").toString();

function answer(mode, flags, pattern, texts) {
  let regex;
  try {
    new RegExp(pattern, flags);
    const whole = { full: `^(?:${pattern})$`, prefix: `^(?:${pattern})`, search: pattern }[mode];
    regex = new RegExp(whole, flags.replace("g", ""));
  } catch (error) {
    return "!" + error.message;
  }
  // A sticky one goes on where it was.
  const found = texts.map((text) => ((regex.lastIndex = 0), regex.exec(text)));
  return found.map((match) => (match ? `${match.index},${match.index + match[0].length}` : "-")).join(" ");
}

lines.on("line", (line) => {
  const [mode, flags, pattern, ...texts] = line.split(" ");
  process.stdout.write(answer(mode, flags.slice(1), text(pattern), texts.map(text)).replace(/\n/g, " ") + "\n");
});
