/** `publicUrl`, `store`, `listen` and `log`: a server of its own for each value. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { startServer } from '../../src/app/configured-server.ts';
import { basic, USERS } from './administrator.ts';
import { flood } from '../kit/flood.ts';
import { forgery, posted, statusOf } from './device.ts';
import { file } from './files.ts';
import { freePort } from '../kit/ports.ts';
import { answer, arrived, authorityPem, credential, receiver, SECRET } from './receiver.ts';
import { postgresTold } from './postgres-greeting.ts';
import type { Row } from './row.ts';
import { configured, LISTEN, PLAIN, type Running, shared, started, statusAt } from './server.ts';

const CAPABILITIES = '/plain?operation=GetCACaps';
const plain = shared({});

const tls = { certificate: file('tls.pem', credential.certificate), key: file('tls.key.pem', credential.key) };
const secure = shared({ listen: { ...LISTEN, tls } });

/** The scheme of the URL, and whose certificate the server shows. */
async function greeting(place: string): Promise<string> {
  const { origin } = await (place === 'tls' ? secure : plain)();
  const { protocol, port } = new URL(origin);
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const same =
      socket.getPeerX509Certificate()!.fingerprint256 === new X509Certificate(credential.certificate).fingerprint256;
    return `${protocol} ${same ? 'certificate of the file' : 'another certificate'}`;
  } catch {
    return `${protocol} no TLS`;
  } finally {
    socket.destroy();
  }
}

const LISTENERS = [
  { ...LISTEN, tls },
  { port: 0, host: '127.0.0.2' },
];
const both = shared({ listen: LISTENERS });

/** The answer to a GET without a message, or to a POST of one. The certificate of the server is not verified. */
async function send(url: string, message?: Uint8Array): Promise<{ status: number; body: Buffer }> {
  const { request } = url.startsWith('https:') ? https : http;
  const sent = request(url, { method: message ? 'POST' : 'GET', rejectUnauthorized: false });
  sent.end(message);
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  return { status: response.statusCode!, body: Buffer.concat(await response.toArray()) };
}

/** What one of two listeners answers: the capabilities, a device, and who wants the revocation list. */
async function atListener(place: string): Promise<unknown[]> {
  const { urls } = await both();
  const url = urls.find((each) => new URL(each).protocol === `${place}:`)!;
  const device = await send(`${url}?operation=PKIOperation`, await forgery());
  const list = await send(new URL('/crl/issuing.crl', url).href);
  return [(await send(`${url}?operation=GetCACaps`)).status, statusOf(device.body), list.status, new URL(url).hostname];
}

const behind = (listen: object) =>
  shared({
    listen: { ...LISTEN, ...listen },
    admin: { port: 0, users: USERS },
    endpoints: [{ path: '/scep', policy: { oneTime: {} }, adminPage: 'public' }],
  });
const BEHIND: Readonly<Record<string, () => Promise<Running>>> = {
  trusted: behind({ trustProxy: ['loopback'] }),
  'not trusted': behind({}),
};

/** One of two addresses behind a proxy fails to log in ten times. What each of them gets then. */
async function loginsBehind(place: string): Promise<number[]> {
  const { origin } = await BEHIND[place]!();
  const login = (address: string): Promise<number> =>
    statusAt(`${origin}/scep/mscep_admin/`, { ...basic('ndes', 'wrong'), 'x-forwarded-for': address });
  for (let tries = 0; tries < 10; tries++) await login('203.0.113.1');
  return [await login('203.0.113.1'), await login('203.0.113.2')];
}

const slim = shared({ listen: { ...LISTEN, bodyLimit: 16_384 } });

/** The HTTP status of a request of the same endpoint, of another one, and of a GetCACaps, while a webhook holds one up. */
async function whileBusy(mostRunning: string): Promise<number[]> {
  const path = `/held/${mostRunning}`;
  const webhook = { url: `http://127.0.0.1:${(await receiver()).http}${path}`, secret: SECRET };
  const listen = { ...LISTEN, mostRunning: Number(mostRunning) };
  const endpoints = [PLAIN, { path: '/held', policy: { webhook } }];
  const { url } = await started(configured({ listen, endpoints }));
  const first = posted(url('/held'), await forgery());
  await arrived(path);
  const second = posted(url('/held'), await forgery());
  const early = await Promise.race([second, pause(500)]);
  const others = [
    (await posted(url('/plain'), await forgery())).status,
    await statusAt(url('/held?operation=GetCACaps')),
  ];
  answer(path);
  await first;
  assert.equal(early === undefined, mostRunning === '2');
  return [(await second).status, ...others];
}

/** What a new request and `/readyz` get after the signal, and whether the drain lasts as long as it is to. */
async function draining(drain: string): Promise<unknown[]> {
  const running = await started(configured({ listen: { ...LISTEN, drain } }));
  const begun = performance.now();
  let over = false;
  const drained = running.drain().then(() => (over = true));
  await pause(300);
  const early = over;
  const answers = [await statusAt(running.url(CAPABILITIES)), await statusAt(running.url('/readyz'))];
  await drained;
  const lasted = performance.now() - begun;
  // A timer may be a millisecond early.
  const long = lasted < 990 ? 'less than a second' : 'a second';
  return [...answers, early ? 'none' : long];
}

/** The HTTP status of a request that a webhook holds up for a second and a half after the server has begun to close. */
async function whileClosing(grace: string): Promise<number | string> {
  const path = `/held/grace-${grace}`;
  const webhook = { url: `http://127.0.0.1:${(await receiver()).http}${path}`, secret: SECRET };
  const endpoints = [{ path: '/held', policy: { webhook } }];
  const { url, close } = await started(configured({ listen: { ...LISTEN, grace }, endpoints }));
  const request = posted(url('/held'), await forgery());
  const status = request.then(
    (response) => response.status,
    () => 'closed',
  );
  await arrived(path);
  const closed = close();
  await pause(1_500);
  answer(path);
  await closed;
  return status;
}

/** A policy that computes, on the thread of the server. */
const BUSY = `export default () => ({
  name: 'busy',
  async decide() {
    const end = performance.now() + 50;
    while (performance.now() < end);
    return { kind: 'deny', code: 'policy_denied', detail: 'busy' };
  },
});
`;

/** The HTTP statuses of eighty requests at the same moment, which take four seconds of computing. */
async function statusesOf(answerWithin: string): Promise<number[]> {
  const policy = { module: file('busy.mjs', BUSY) };
  const endpoints = [{ ...PLAIN, policy }];
  // With more threads the policy is in another thread than the request, which waits for it.
  const { url } = await started(configured({ listen: { ...LISTEN, answerWithin }, endpoints }), 1);
  const messages = await Promise.all(Array.from({ length: 80 }, () => forgery()));
  const answers = await flood(Number(new URL(url('/')).port), '/plain', messages);
  return [...new Set((await Promise.all(answers)).map(({ status }) => status))].toSorted();
}

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');

/** The levels of what `openndes serve` writes about one GetCACaps. */
async function levels(level: string): Promise<number[]> {
  const config = configured({ log: { level } });
  const child = spawn(process.execPath, [BIN, 'serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  for await (const line of createInterface(child.stdout))
    if (line.startsWith('Ready: ')) {
      await statusAt(`${line.slice(7)}?operation=GetCACaps`);
      child.kill();
    }
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  const lines = log.split('\n').filter(Boolean);
  // Without those of the start and the end of the server.
  const about = lines.map((line) => JSON.parse(line) as { level: number; event: string });
  return about.filter(({ event }) => !/^server-(started|stopping|stopped)$/.test(event)).map(({ level }) => level);
}

async function placeOf(host: string): Promise<number | string> {
  const { origin } = await started(configured({ listen: { host, port: 0 } }));
  const at = async (address: string) =>
    statusAt(`http://${address}:${new URL(origin).port}${CAPABILITIES}`).catch(() => 'closed');
  return `${await at('127.0.0.1')} ${await at('127.0.0.2')}`;
}

async function storeAt(name: string): Promise<boolean[]> {
  const { folder } = await started(configured({ store: `sqlite:./${name}` }));
  return ['one.db', 'two.db'].map((each) => existsSync(join(folder, each)));
}

let threadsBefore: Promise<unknown> = Promise.resolve();
/** One place after the other: a process tells of every thread that is made in it. */
function threadsOf(workers: string): Promise<number> {
  const counted = threadsBefore.then(async () => {
    let count = 0;
    const made = (): void => void count++;
    process.on('worker', made);
    const config = configured({ listen: { ...LISTEN, workers: Number(workers) } });
    const server = await startServer(config, { logLevel: 'silent' });
    process.off('worker', made);
    await server.close();
    return count;
  });
  threadsBefore = counted;
  return counted;
}

export const LISTENING: readonly Row[] = [
  {
    keys: ['publicUrl'],
    question: 'the URL of the endpoint as the server says it',
    ask: async (publicUrl) => {
      const { urls } = await started(configured({ publicUrl }));
      return urls;
    },
    answers: { 'https://scep.example.com/base': ['https://scep.example.com/base/plain'] },
  },
  {
    keys: ['store'],
    question: 'which of one.db and two.db there is',
    ask: storeAt,
    answers: { 'one.db': [true, false], 'two.db': [false, true] },
  },
  {
    keys: ['store.url', 'store.password'],
    question: 'the user, the database and the password that a server of PostgreSQL is told',
    ask: (user) =>
      postgresTold((port) => ({
        url: `postgres://${user}@127.0.0.1:${port}/devices`,
        ...(user === 'ada' && { password: 'a@password' }),
      })),
    answers: { ada: ['ada', 'devices', 'a@password'], 'bob:of%20bob': ['bob', 'devices', 'of bob'] },
  },
  {
    keys: ['store.sslrootcert'],
    question: 'whether a server of PostgreSQL with a certificate of its own CA is told the password',
    ask: (place) =>
      postgresTold((port) => ({
        url: `postgres://ada:hers@127.0.0.1:${port}/devices?sslmode=verify-full`,
        ...(place === 'named' && { sslrootcert: file('database-root.pem', authorityPem) }),
      })),
    answers: {
      named: ['ada', 'devices', 'hers'],
      'not named':
        'store: postgres://ada@127.0.0.1/devices cannot be used: its certificate is of a CA that is not trusted here',
    },
  },
  {
    keys: ['store.secretsKey'],
    question:
      'whether a server with this key asks PostgreSQL for its secrets; test/postgres/secrets.ts has what it seals',
    ask: (place) =>
      postgresTold((port) => ({
        url: `postgres://ada:hers@127.0.0.1:${port}/devices`,
        secretsKey: Buffer.alloc(Number(place)).toString('base64'),
      })),
    answers: {
      32: ['ada', 'devices', 'hers'],
      31: 'store.secretsKey: not 32 octets in base64. Make them: `openssl rand -base64 32`.',
    },
  },
  {
    keys: ['listen.host'],
    question: 'what answers at 127.0.0.1 and at 127.0.0.2',
    ask: placeOf,
    answers: { '127.0.0.1': '200 closed', '127.0.0.2': 'closed 200', '0.0.0.0': '200 200' },
  },
  {
    keys: ['listen.port'],
    question: 'what answers at the port of the file',
    ask: async () => {
      const port = await freePort();
      await started(configured({ listen: { ...LISTEN, port } }));
      return statusAt(`http://127.0.0.1:${port}${CAPABILITIES}`);
    },
    answers: { 'a free port': 200 },
  },
  {
    keys: ['listen.trustProxy'],
    question: 'what two addresses behind a proxy get after ten wrong passwords of the first',
    ask: loginsBehind,
    answers: { trusted: [429, 401], 'not trusted': [429, 429] },
  },
  {
    keys: ['listen.tls', 'listen.tls.certificate', 'listen.tls.key'],
    question: 'what a TLS client is shown',
    ask: greeting,
    answers: { tls: 'https: certificate of the file', plain: 'http: no TLS' },
  },
  {
    keys: ['listen.host', 'listen.port', 'listen.tls'],
    question: 'what each of two listeners answers: capabilities, a device, the revocation list; and its address',
    ask: atListener,
    answers: { https: [200, 'issued', 200, '127.0.0.1'], http: [200, 'issued', 200, '127.0.0.2'] },
  },
  {
    keys: ['listen.bodyLimit'],
    question: 'the HTTP status of a message of 16,385 octets that is none',
    ask: async (place) => {
      const { url } = await (place === 'slim' ? slim : plain)();
      return (await posted(url('/plain'), Buffer.alloc(16_385, 'x'))).status;
    },
    answers: { slim: 413, plain: 400 },
  },
  {
    keys: ['listen.workers'],
    question: 'how many threads there are beside the main thread',
    ask: threadsOf,
    answers: { '1': 0, '3': 3 },
  },
  {
    keys: ['listen.mostRunning'],
    question: 'the HTTP status of a second request of an endpoint, of one of another endpoint, and of GetCACaps',
    ask: whileBusy,
    answers: { '1': [503, 200, 200], '2': [200, 200, 200] },
  },
  {
    keys: ['listen.drain'],
    question: 'what a new request and readyz get during the drain, and how long it lasts',
    ask: draining,
    answers: { '0s': [200, 503, 'none'], '1s': [200, 503, 'a second'] },
  },
  {
    keys: ['listen.grace'],
    question: 'the HTTP status of a request that is answered a second and a half after the server has begun to close',
    ask: whileClosing,
    answers: { '1s': 'closed', '10s': 200 },
  },
  {
    keys: ['listen.answerWithin'],
    question: 'the HTTP statuses of eighty requests at the same moment, which take four seconds of computing',
    ask: statusesOf,
    answers: { '1s': [200, 503], '60s': [200] },
  },
  {
    keys: ['log.level'],
    question: 'the levels of the lines about one request',
    ask: levels,
    answers: { info: [30], warn: [] },
  },
];
