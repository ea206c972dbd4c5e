/** `openndes enroll` when the server cannot be reached: cause and remedy, and a CA of one's own for TLS. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { reachable } from '../../src/cli/reachable.ts';
import { getCapabilities } from '../../src/client/ca-operations.ts';
import { newAuthority, serverCredential } from '../../src/simulator/throwaway-ca.ts';
import { scepServer, URL_OF_SERVER } from '../client/scep-server.ts';
import { random } from '../kit/pki.ts';
import { freePort } from '../kit/ports.ts';

const BIN = join(import.meta.dirname, '../../bin/openndes.mjs');

/** In a process of its own, because --trust-ca is for a whole process. */
const enroll = (t: TestContext, url: string, ...more: string[]) => enrollWith(t, url, '--challenge', 'x', ...more);

async function enrollWith(
  t: TestContext,
  url: string,
  ...more: string[]
): Promise<{ code: number | null; err: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-enroll-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const args = ['enroll', url, '--subject', 'CN=laptop', '--out', folder, ...more];
  const child = execFile(process.execPath, [BIN, ...args]);
  let err = '';
  child.stderr!.on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err };
}

test('a refused connection: the port is named, and what to look at', async (t) => {
  const port = await freePort();
  const { code, err } = await enroll(t, `http://127.0.0.1:${port}/scep`);
  assert.equal(code, 1);
  assert.ok(err.includes(`127.0.0.1:${port} cannot be reached: ECONNREFUSED`), err);
  assert.match(err, /Look at the port in the URL, whether the server runs and listens there/);
  assert.doesNotMatch(err, /fetch failed/);
});

test('a server that takes the request and never answers, or never ends its answer', async (t) => {
  const server = createHttpServer((request, response) => {
    if (request.url!.startsWith('/slow')) response.writeHead(200).write('SCEP');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const impatient = reachable(fetch, () => AbortSignal.timeout(200));
  await assert.rejects(
    getCapabilities(impatient, `${origin}/never`),
    /127\.0\.0\.1:\d+ gave no answer in time\. Look at/,
  );
  await assert.rejects(
    getCapabilities(impatient, `${origin}/slow`),
    /GetCACaps: the answer did not come to its end: .*timeout/,
  );
});

test('a port that fetch never uses', async (t) => {
  const { code, err } = await enroll(t, 'http://127.0.0.1:9/scep');
  assert.equal(code, 1);
  assert.match(err, /127\.0\.0\.1:9 cannot be reached: bad port/);
});

test('--simulator: a control URL that does not answer, and one of something else', async (t) => {
  const { fetch: ask } = scepServer();
  const handle = async ({ url = '' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (url === '/challenges') return void response.writeHead(404).end('<html>');
    const answer = await ask(new URL(url, URL_OF_SERVER));
    return void response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  };
  const server = createHttpServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const closed = await enrollWith(t, `${origin}/scep`, '--simulator', 'http://127.0.0.1:1');
  assert.equal(closed.code, 1);
  assert.match(closed.err, /127\.0\.0\.1:1 cannot be reached: (bad port|ECONNREFUSED)/);
  assert.doesNotMatch(closed.err, /fetch failed/);
  const other = await enrollWith(t, `${origin}/scep`, '--simulator', origin);
  assert.match(
    other.err,
    /the simulator minted no challenge: HTTP 404, no answer of the simulator: look at the control URL in --simulator/,
  );
});

test('a host that does not exist: the name is named', async (t) => {
  const { code, err } = await enroll(t, 'http://scep.invalid/scep');
  assert.equal(code, 1);
  assert.match(err, /scep\.invalid cannot be reached: (ENOTFOUND|EAI_AGAIN)/);
  assert.match(err, /Look at the name in the URL and at the DNS of this machine/);
});

test('TLS of an unknown CA: refused with its remedy, and accepted with --trust-ca', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ca-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const now = new Date();
  const authority = await newAuthority(now, random);
  const { key, certificate } = await serverCredential(authority, now, random);
  const server = createServer({ key, cert: certificate }, (_request, response) => void response.writeHead(418).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/scep`;
  const refused = await enroll(t, url);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /cannot be reached: (UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/);
  assert.match(refused.err, /Give that CA with --trust-ca FILE/);
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  const trusted = await enroll(t, url, '--trust-ca', join(folder, 'ca.pem'));
  assert.match(trusted.err, /GetCACaps: HTTP 418/);
});
