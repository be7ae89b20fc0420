// The npm package `jose`: mints tokens, and judges them. Reads one JSON object from standard
// input and writes one to standard output. Run in the folder where `jose` is installed.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const found = createRequire(join(process.cwd(), 'package.json')).resolve('jose');
const jose = await import(pathToFileURL(found));

async function mint({ private_keys: keys, claims }) {
  const tokens = [];
  for (const { jwk, alg } of keys) {
    const key = await jose.importJWK(jwk, alg);
    const header = { alg, kid: jwk.kid, typ: 'JWT' };
    tokens.push({ alg, token: await new jose.SignJWT(claims).setProtectedHeader(header).sign(key) });
  }
  return tokens;
}

async function judge({ public_keys: keys, tokens, now, issuer, audience, algorithms }) {
  const set = jose.createLocalJWKSet({ keys });
  const options = {
    issuer, audience, algorithms, requiredClaims: ['iss', 'aud', 'exp', 'sub'],
    currentDate: new Date(now * 1000), clockTolerance: 30,
  };
  const accepted = [];
  for (const token of tokens) {
    accepted.push(await jose.jwtVerify(token, set, options).then(() => true, () => false));
  }
  return accepted;
}

let text = '';
for await (const chunk of process.stdin) text += chunk;
const task = JSON.parse(text);
process.stdout.write(JSON.stringify(await (task.claims ? mint(task) : judge(task))));
