/** `messages`: who is told what, by a service and a mail server in this process. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { startServer } from '../../src/app/configured-server.ts';
import type { MessageKind } from '../../src/core/operator-message.ts';
import type { Store } from '../../src/core/store.ts';
import { newAuthority } from '../../src/simulator/throwaway-ca.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { until } from '../kit/until.ts';
import { syslogServer } from '../messages/syslog-server.ts';
import { hook, mailServer } from '../messages/told.ts';
import { enrolled } from './device.ts';
import { atEnd, clock, DAY, file, random } from './files.ts';
import { authorityPem, credential, receiver, SECRET } from './receiver.ts';
import type { Row } from './row.ts';
import { configured } from './server.ts';

const t = { after: (end: () => unknown) => atEnd(async () => void (await end())) };
const HOOK = { secret: SECRET };

/** A server with these messages, whose jobs run all the time. `work` gets the URL of its endpoint and its store. */
async function telling<T>(sections: object, work: (url: string, store: Store) => Promise<T>): Promise<T> {
  const server = await startServer(configured({ ...sections }), { logLevel: 'silent', workers: 1, watchEvery: 20 });
  try {
    return await work(server.urls[0]!, server.desk().store);
  } finally {
    await server.close();
  }
}

const isRead = (store: Store) =>
  until(async () => Number(await store.messagePlace('history')) > 0, 'the history to be read', { every: 20 });
/** Who was told, of what kind. */
const told = async (store: Store): Promise<string[]> =>
  (await store.listMessages({ limit: 9 })).map(({ receiver: name, message: { kind } }) => `${name} ${kind}`);

/** After one enrolment. */
const toldOf = (messages: object): Promise<string[]> =>
  telling({ messages }, async (url, store) => {
    await enrolled(url);
    await isRead(store);
    return told(store);
  });

/** What became of the first attempt to send a test. */
const attempt = (messages: object, name: string): Promise<string> =>
  telling({ messages }, async (_url, store) => {
    await store.enqueueMessages([
      { receiver: name, message: { kind: 'test', at: new Date().toISOString(), by: 'ada' } },
    ]);
    const message = await until(
      async () => (await store.listMessages({ limit: 1 })).find(({ attempts }) => attempts > 0),
      'an attempt',
      { every: 20 },
    );
    return message.state;
  });

async function signedWith(secret: string): Promise<string> {
  const { url, got } = await hook(t);
  const state = await attempt({ webhooks: { ops: { url, secret } } }, 'webhook:ops');
  const { headers, body } = got[0]!;
  const [, at, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['openndes-signature'])) ?? [];
  return `${state}, ${v1 === createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex') ? 'ours' : 'another key'}`;
}

const ca = file('messages/ca.pem', authorityPem);
const otherCa = file('messages/other-ca.pem', (await newAuthority(clock(), random)).certificate);
const ownCertificate = file('messages/own.pem', credential.certificate);
const ownKey = file('messages/own.key.pem', credential.key);
const tls = createSecureContext({ key: credential.key, cert: credential.certificate });

const READER = { host: '127.0.0.1', from: 'openndes@example.com', to: ['pki@example.com'], tls: 'off' };

/** A mail server that offers STARTTLS, or has TLS from the beginning. */
async function mailed(more: object, implicit?: true): Promise<string> {
  const { port } = await mailServer(t, { context: tls, ...(implicit && { implicit }) });
  return attempt({ mail: { ...READER, port, ...more } }, 'mail');
}

/** What the mail server was told by the client, and the headers of the mail, as far as they match. */
async function said(more: object, wanted: RegExp): Promise<string | undefined> {
  const { port, lines, mails } = await mailServer(t);
  await attempt({ mail: { ...READER, port, ...more } }, 'mail');
  return [...lines, ...mails.flatMap((mail) => mail.split('\n'))].find((line) => wanted.test(line));
}

const mailKinds = async (more: object): Promise<string[]> => {
  const { port } = await mailServer(t);
  return toldOf({ mail: { ...READER, port, kinds: ['issued'], ...more } });
};

/** The port of a server that says nothing. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => void setTimeout(() => socket.destroy(), 20_000).unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => void server.close());
  return (server.address() as { port: number }).port;
}

/** A mail server that says nothing. */
async function silent(timeout: string): Promise<string> {
  const port = await silentPort();
  const since = performance.now();
  const state = await attempt({ mail: { ...READER, port, timeout } }, 'mail');
  return `${state}, ${performance.now() - since < 9_000 ? 'soon' : 'late'}`;
}

let count = 0;

async function expiringIn20Days(expiring: string): Promise<string[]> {
  const path = join(dirname(file(`expiring-${++count}/here`, '')), 'store.db');
  const store = await openSqliteStore({ path, clock });
  const issuance = issuanceFor(1);
  const notAfter = new Date(Date.now() + 20 * DAY);
  await recorded(store, { ...issuance, certificate: { ...issuance.certificate, notAfter } });
  await store.close();
  const ops = { ...HOOK, url: 'http://127.0.0.1:9/', kinds: ['expiring'] };
  const sections = { store: `sqlite:${path}`, messages: { expiring: [expiring], webhooks: { ops } } };
  return telling(sections, async (_url, running) => {
    const place = `expiring ${Number.parseInt(expiring, 10) * DAY}`;
    await until(async () => await running.messagePlace(place), 'a first look', { every: 20 });
    return told(running);
  });
}

/** What a receiver of syslog got after one enrolment: kinds of messages, each once. `ask`: whether it asks for a certificate. */
async function logged(more: object, ask = false): Promise<string> {
  const { got, shown, port } = await syslogServer(t, {
    key: credential.key,
    cert: credential.certificate,
    ...(ask && { requestCert: true, rejectUnauthorized: false }),
  });
  const syslog = { host: '127.0.0.1', port, trustCa: ca, events: 'none', ...more };
  return telling({ messages: { syslog } }, async (url, store) => {
    await enrolled(url);
    const ran = async () => {
      const job = (await store.listJobs()).find(({ name }) => name === 'syslog');
      if (job?.lastError) return job.lastError.replace(/^\S+: /, '').slice(0, 30);
      return Number(await store.messagePlace('syslog')) > 0 && 'taken';
    };
    const first = await until(ran, 'a run of syslog', { every: 20 });
    if (first !== 'taken') return first;
    if (ask) return String(shown[0]);
    const hasEvent = (): boolean => got.some((each) => each.includes(' scep-request-answered '));
    if ('events' in more) await until(() => hasEvent() || more.events !== 'info', 'an event', { every: 20 });
    return [...new Set(got.map((each) => each.split(' ')[5]))].sort().join(' ');
  });
}

/** A receiver of syslog that says nothing. */
async function silentSyslog(timeout: string): Promise<string | undefined> {
  const syslog = { host: '127.0.0.1', port: await silentPort(), trustCa: ca, events: 'none', timeout };
  return telling({ messages: { syslog } }, async (url, store) => {
    await enrolled(url);
    const failed = async () => (await store.listJobs()).find(({ name }) => name === 'syslog')?.lastError;
    return (await until(failed, 'a run of syslog that fails', { every: 20 })).replace(/^\S+: /, '');
  });
}

const KINDS_OF: Readonly<Record<string, readonly MessageKind[]>> = { issued: ['issued'], refused: ['refused'] };

export const MESSAGING: readonly Row[] = [
  {
    keys: ['messages.webhooks', 'messages.webhooks.NAME.url', 'messages.webhooks.NAME.secret'],
    question: 'whether a test arrives, and with which key it is signed',
    ask: signedWith,
    answers: { [SECRET]: 'delivered, ours', 'another-secret-of-16': 'delivered, another key' },
  },
  {
    keys: ['messages.webhooks.NAME.kinds'],
    question: 'who is told of a certificate',
    ask: (kind) => toldOf({ webhooks: { ops: { ...HOOK, url: 'http://127.0.0.1:9/', kinds: KINDS_OF[kind] } } }),
    answers: { issued: ['webhook:ops issued'], refused: [] },
  },
  {
    keys: ['messages.webhooks.NAME.endpoints'],
    question: 'who is told of a certificate of /plain',
    ask: (endpoint) =>
      toldOf({ webhooks: { ops: { ...HOOK, url: 'http://127.0.0.1:9/', kinds: ['issued'], endpoints: [endpoint] } } }),
    answers: { '/plain': ['webhook:ops issued'], '/other': [] },
  },
  {
    keys: ['messages.webhooks.NAME.timeout'],
    question: 'whether an answer after two seconds is waited for',
    ask: async (timeout) =>
      attempt(
        { webhooks: { ops: { ...HOOK, url: `http://127.0.0.1:${(await receiver()).http}/late`, timeout } } },
        'webhook:ops',
      ),
    answers: { '1s': 'waiting', '10s': 'delivered' },
  },
  {
    keys: ['messages.webhooks.NAME.trustCa'],
    question: 'whether a service with a certificate of our own CA is told',
    ask: async (trusts) => {
      const url = `https://127.0.0.1:${(await receiver()).https}/allow`;
      return attempt({ webhooks: { ops: { ...HOOK, url, ...(trusts === 'yes' && { trustCa: ca }) } } }, 'webhook:ops');
    },
    answers: { yes: 'delivered', no: 'waiting' },
  },
  {
    keys: ['messages.webhooks.NAME.allowHttp'],
    question: 'whether a server with plain HTTP to another machine starts',
    ask: (allowHttp) =>
      telling(
        { messages: { webhooks: { ops: { ...HOOK, url: 'http://192.0.2.1/', allowHttp: allowHttp === 'true' } } } },
        () => Promise.resolve('started'),
      ).catch((error: Error) => /plain HTTP to 192\.0\.2\.1/.exec(error.message)?.[0]),
    answers: { true: 'started', false: 'plain HTTP to 192.0.2.1' },
  },
  {
    keys: ['messages.refusedEvery'],
    question: 'who was told of a refusal a second ago',
    ask: (refusedEvery) =>
      telling(
        { messages: { refusedEvery, webhooks: { ops: { ...HOOK, url: 'http://127.0.0.1:9/' } } } },
        async (url, store) => {
          await enrolled(url, { challenge: 'wrong' });
          await new Promise((resolve) => setTimeout(resolve, 3_000));
          return told(store);
        },
      ),
    answers: { '1s': ['webhook:ops refused'], '1h': [] },
  },
  {
    keys: ['messages.expiring'],
    question: 'who is told of a certificate that ends in 20 days',
    ask: expiringIn20Days,
    answers: { '30d': ['webhook:ops expiring'], '7d': [] },
  },
  {
    keys: ['messages.mail', 'messages.mail.host', 'messages.mail.port', 'messages.mail.tls'],
    question: 'whether a server that offers STARTTLS with a certificate of an unknown CA gets a mail',
    ask: (mode) => mailed({ tls: mode }),
    answers: { off: 'delivered', starttls: 'waiting' },
  },
  {
    keys: ['messages.mail.trustCa'],
    question:
      'whether a server with a certificate of our own CA gets a mail, by STARTTLS and by TLS from the beginning',
    ask: async (trusts) => {
      const trust = trusts === 'yes' ? { trustCa: ca } : {};
      return [await mailed({ tls: 'starttls', ...trust }), await mailed({ tls: 'implicit', ...trust }, true)];
    },
    answers: { yes: ['delivered', 'delivered'], no: ['waiting', 'waiting'] },
  },
  {
    keys: ['messages.mail.user', 'messages.mail.password'],
    question: 'with what the client logs in',
    ask: (login) => said(login === 'none' ? {} : { user: 'ada', password: 'open sesame' }, /^AUTH/),
    answers: { none: undefined, given: `AUTH PLAIN ${Buffer.from('\0ada\0open sesame').toString('base64')}` },
  },
  {
    keys: ['messages.mail.from'],
    question: 'whom the mail is from',
    ask: (from) => said({ from }, /^From:/),
    answers: { 'a@example.com': 'From: a@example.com', 'b@example.com': 'From: b@example.com' },
  },
  {
    keys: ['messages.mail.to'],
    question: 'whom the mail is to',
    ask: (to) => said({ to: to.split(' ') }, /^To:/),
    answers: {
      'a@example.com': 'To: a@example.com',
      'a@example.com b@example.com': 'To: a@example.com, b@example.com',
    },
  },
  {
    keys: ['messages.mail.kinds'],
    question: 'who is told of a certificate',
    ask: (kind) => mailKinds({ kinds: KINDS_OF[kind] }),
    answers: { issued: ['mail issued'], refused: [] },
  },
  {
    keys: ['messages.mail.endpoints'],
    question: 'who is told of a certificate of /plain',
    ask: (endpoint) => mailKinds({ endpoints: [endpoint] }),
    answers: { '/plain': ['mail issued'], '/other': [] },
  },
  {
    keys: ['messages.mail.timeout'],
    question: 'how soon a server that says nothing is given up',
    ask: silent,
    answers: { '1s': 'waiting, soon', '10s': 'waiting, late' },
  },
  {
    keys: ['messages.syslog', 'messages.syslog.host', 'messages.syslog.port', 'messages.syslog.trustCa'],
    question: 'what a receiver of syslog got, or why not',
    ask: (trusts) => logged(trusts === 'yes' ? {} : { trustCa: otherCa }),
    answers: { yes: 'issued', no: 'unable to verify the first cer' },
  },
  {
    keys: ['messages.syslog.certificate', 'messages.syslog.key'],
    question: 'whether the client shows a certificate to a receiver that asks for one',
    ask: (own) => logged(own === 'given' ? { certificate: ownCertificate, key: ownKey } : {}, true),
    answers: { given: 'true', none: 'false' },
  },
  {
    keys: ['messages.syslog.events'],
    question: 'what a receiver of syslog got',
    ask: (events) => logged({ events }),
    answers: { none: 'issued', info: 'issued scep-request-answered server-started' },
  },
  {
    keys: ['messages.syslog.timeout'],
    question: 'how soon a receiver that says nothing is given up',
    ask: silentSyslog,
    answers: { '1s': 'not read within 1000 ms', '2s': 'not read within 2000 ms' },
  },
];
