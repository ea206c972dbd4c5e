/** A server with threads: what devices get when requests are worked on in several of them, and when one of them ends. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { mock, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { startServer, type StartOptions } from '../../src/app/configured-server.ts';
import { keyRing, openKey } from '../../src/app/key-ring.ts';
import { installed } from '../app/installation.ts';
import { until } from '../kit/until.ts';
import { asked, certified, enrolled, forgery, statusOf } from './device.ts';
import { atEnd, DAY } from './files.ts';
import { USERS } from './administrator.ts';
import { answer, arrived, eventsAt, receiver, SECRET } from './receiver.ts';
import { configured, PLAIN, statusAt } from './server.ts';

/** A server with two threads, and the threads. */
async function withThreads(sections: Parameters<typeof configured>[0], options: StartOptions = {}) {
  const config = configured(sections);
  const threads: Worker[] = [];
  const made = (thread: Worker): void => void threads.push(thread);
  process.on('worker', made);
  const server = await startServer(config, { logLevel: 'silent', workers: 2, ...options });
  atEnd(async () => {
    process.off('worker', made);
    await server.close();
  });
  const { origin } = new URL(server.urls[0]!);
  return { server, threads, url: (path: string) => origin + path };
}

async function posted(
  url: string,
  message: Uint8Array,
): Promise<{ status: number; retryAfter: string | null; body: Buffer }> {
  const response = await fetch(`${url}?operation=PKIOperation`, { method: 'POST', body: Buffer.from(message) });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
}

/** How many requests the first endpoint works on. */
async function runningAt(adminUrl: string | undefined): Promise<number | undefined> {
  const { load } = (await (await fetch(`${adminUrl}/readyz`)).json()) as { load: { running: number }[] };
  return load[0]?.running;
}

const webhookAt = async (path: string) => ({
  url: `http://127.0.0.1:${(await receiver()).http}${path}`,
  secret: SECRET,
});

test('by itself a server has a thread for each core, and none beside the main thread where there is one core', async () => {
  const threads: Worker[] = [];
  const made = (thread: Worker): void => void threads.push(thread);
  process.on('worker', made);
  const server = await startServer(configured({}), { logLevel: 'silent' });
  process.off('worker', made);
  await server.close();
  const cores = availableParallelism();
  assert.equal(threads.length, cores === 1 ? 0 : cores);
});

test('two threads share the requests, and each certificate has a serial number of its own', async () => {
  const { url, threads } = await withThreads({});
  assert.equal(threads.length, 2);
  const all = await Promise.all(Array.from({ length: 40 }, () => certified(url('/plain'))));
  assert.equal(new Set(all.map(({ serialNumber }) => serialNumber)).size, 40);
  const used = threads.map((thread) => thread.performance.eventLoopUtilization().active > 0);
  assert.deepEqual(used, [true, true]);
});

test('the same octets twenty times at once are one certificate, and the webhook is asked once', async () => {
  const endpoints = [{ path: '/held', policy: { webhook: await webhookAt('/held/same') } }];
  const { url, server } = await withThreads({ endpoints, admin: { port: 0, users: USERS } });
  const message = await forgery();
  const answers = Array.from({ length: 20 }, () => posted(url('/held'), message));
  await arrived('/held/same');
  await until(async () => (await runningAt(server.adminUrl)) === 20, 'all twenty are there');
  answer('/held/same');
  const bodies = await Promise.all(answers);
  assert.deepEqual(new Set(bodies.map(({ body }) => statusOf(body))), new Set(['failInfo 2']));
  assert.equal(new Set(bodies.map(({ body }) => body.toString('hex'))).size, 1);
  assert.deepEqual(eventsAt('/held/same'), ['request']);
});

/** The nice values of the threads of this process, proc(5): field 19, counted from behind the name in parentheses. */
const TASKS = '/proc/self/task';
const niceValues = (): number[] =>
  readdirSync(TASKS).flatMap((id) => {
    try {
      return [Number(readFileSync(`${TASKS}/${id}/stat`, 'utf8').split(') ')[1]!.split(' ')[16])];
    } catch {
      return []; // It has ended.
    }
  });

test('on Linux the scheduler prefers the main thread to those that compute', { skip: !existsSync(TASKS) }, async () => {
  const lower = (): number => niceValues().filter((nice) => nice === Math.min(getPriority() + 5, 19)).length;
  const before = lower();
  await withThreads({});
  assert.equal(lower() - before, 2);
});

test('an endpoint with as many requests as may run refuses the next ones, and another endpoint serves on', async () => {
  const endpoints = [{ path: '/held', policy: { webhook: await webhookAt('/held/full') } }, PLAIN];
  const sections = { endpoints, listen: { port: 0, drain: 0, mostRunning: 8 }, admin: { port: 0, users: USERS } };
  const { url, server } = await withThreads(sections);
  const waiting = Array.from({ length: 8 }, async () => posted(url('/held'), await forgery()));
  await until(async () => (await runningAt(server.adminUrl)) === 8, 'eight are running');
  const refused = await Promise.all(Array.from({ length: 4 }, async () => posted(url('/held'), await forgery())));
  for (const { status, retryAfter } of refused) {
    assert.equal(status, 503);
    assert.ok(Number(retryAfter) >= 5 && Number(retryAfter) <= 15, String(retryAfter));
  }
  assert.equal((await enrolled(url('/plain'))).status, 'issued');
  answer('/held/full');
  assert.deepEqual(new Set((await Promise.all(waiting)).map(({ status }) => status)), new Set([200]));
});

test('a request whose thread ends gets 503 with Retry-After, the next ones are answered, and the thread is replaced', async () => {
  const endpoints = [{ path: '/held', policy: { webhook: await webhookAt('/held/end') } }, PLAIN];
  const { url, threads } = await withThreads({ endpoints });
  const waiting = posted(url('/held'), await forgery());
  await arrived('/held/end');
  const [one, other] = threads;
  await Promise.all([one!.terminate(), other!.terminate()]);
  const { status, retryAfter } = await waiting;
  assert.equal(status, 503);
  assert.match(String(retryAfter), /^\d+$/);
  assert.equal((await posted(url('/plain'), await forgery())).status, 503);
  assert.equal(await statusAt(url('/readyz')), 503);
  assert.equal(await statusAt(url('/plain?operation=GetCACaps')), 200);
  await until(async () => (await statusAt(url('/readyz'))) === 200, 'ready again');
  assert.equal((await enrolled(url('/plain'))).status, 'issued');
  answer('/held/end');
});

test('a key that does not leave its place signs and decrypts for the threads', async () => {
  const calls: string[] = [];
  const keys = keyRing(async (place) => {
    const {
      privateKey: _,
      inProcess: __,
      ...key
    } = (await openKey(place)) as Awaited<ReturnType<typeof openKey>> & {
      privateKey?: unknown;
    };
    const counted = (name: string): void => void calls.push(`${place.what}: ${name}`);
    return {
      ...key,
      sign: async (input) => (counted('sign'), key.sign(input)),
      ...(key.signParts && { signParts: async (...args) => (counted('sign'), key.signParts!(...args)) }),
      ...(key.decrypt && { decrypt: async (...args) => (counted('decrypt'), key.decrypt!(...args)) }),
    };
  });
  const { url } = await withThreads({}, { keys });
  assert.equal((await enrolled(url('/plain'))).status, 'issued');
  const [ca, ra] = ['the key of the issuing CA', 'the key of an RA certificate'];
  // The first signature of the CA is that of its revocation list.
  assert.deepEqual(calls, [`${ca}: sign`, `${ra}: decrypt`, `${ca}: sign`, `${ra}: sign`]);
});

test('threads open what is encrypted to an RA that was made while the server runs', async (t) => {
  const place = await installed(t);
  const server = await startServer(place.config, { logLevel: 'silent', workers: 2, watchEvery: 20 });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const certificates = async () => (await asked(url, 'GetCACert')).body.toString('hex');
  const before = await certificates();
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 710 * DAY });
  t.after(() => mock.timers.reset());
  await until(async () => (await certificates()) !== before, 'another RA');
  assert.equal((await enrolled(url, { challenge: place.challenge })).status, 'issued');
});

test('a reload has threads of its own, and those of before end', async () => {
  const { server, url, threads } = await withThreads({});
  assert.equal((await enrolled(url('/plain'))).status, 'issued');
  await server.reload();
  assert.equal((await enrolled(url('/plain'))).status, 'issued');
  assert.equal(threads.length, 4);
  const ended = () => threads.slice(0, 2).every(({ threadId }) => threadId === -1);
  await until(ended, 'the end of the first two');
  await server.close();
  assert.deepEqual(
    threads.map(({ threadId }) => threadId),
    [-1, -1, -1, -1],
  );
});
