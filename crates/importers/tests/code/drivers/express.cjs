// Runs each configuration of standard input as a module that defines `app`, asks it for every
// origin over loopback, and prints what it answered.
const path = require('path');
const http = require('http');
const { createRequire } = require('module');
const load = createRequire(path.join(process.argv[2], 'package.json'));

const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => main(JSON.parse(Buffer.concat(chunks))));

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

function ask(port, method, origin) {
  const headers = { Origin: origin };
  if (method === 'OPTIONS') {
    headers['Access-Control-Request-Method'] = 'PUT';
    headers['Access-Control-Request-Headers'] = 'x-one, content-type';
  }
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, headers, agent, path: '/api' }, (response) => {
      response.resume();
      response.on('end', () => {
        const lines = [];
        for (let i = 0; i < response.rawHeaders.length; i += 2) {
          lines.push([response.rawHeaders[i], response.rawHeaders[i + 1]]);
        }
        resolve({ status: response.statusCode, headers: lines });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

async function main(configurations) {
  let handler = null;
  const server = http.createServer((request, response) => handler(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = server.address().port;
  const answers = [];
  for (const { code, origins } of configurations) {
    try {
      const app = new Function('require', `${code}\nreturn app;`)(load);
      if (app.routing) await app.ready();
      handler = app.routing || app;
      const exchanges = [];
      for (const origin of origins) {
        exchanges.push([await ask(port, 'GET', origin), await ask(port, 'OPTIONS', origin)]);
      }
      answers.push({ exchanges });
    } catch (error) {
      answers.push({ error: String(error) });
    }
  }
  server.close();
  agent.destroy();
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
}
