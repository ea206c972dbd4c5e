/** `endpoints[].policy`: who decides, and by what. */
import { USERS, TOKEN, passwordFor } from './administrator.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { ecKey } from '../kit/keys.ts';
import { certificateFor } from '../kit/pki.ts';
import { enrolled, newSubject } from './device.ts';
import { file } from './files.ts';
import { authorityPem, receiver, SECRET } from './receiver.ts';
import type { Row } from './row.ts';
import { CHALLENGE, shared } from './server.ts';
import { tenantNamed } from './tenant.ts';

const SINGLE = 'FEDCBA9876543210';
const MODULE = `export default ({ word = 'none' }) => ({
  name: 'word',
  decide: async ({ csr }) =>
    csr.challenge === word
      ? { kind: 'allow', notify: 'none' }
      : { kind: 'deny', code: 'policy_denied', detail: 'another word' },
});`;

/** The policy at each path. */
async function policies(): Promise<Record<string, object>> {
  const { http, https } = await receiver();
  const module = file('word.mjs', MODULE);
  const webhook = (path: string, more: object = {}) => ({
    webhook: { url: `http://127.0.0.1:${http}/${path}`, secret: SECRET, onUnreachable: 'fail', ...more },
  });
  const secure = { url: `https://127.0.0.1:${https}/allow` };
  const stepCaId = 'an-id';
  return {
    static: { static: CHALLENGE },
    'one-time': { oneTime: {} },
    'one-time-5m': { oneTime: { validity: '5m' } },
    'one-time-1': { oneTime: { max: 1 } },
    'one-time-16': { oneTime: { length: 16 } },
    'one-time-single': { oneTime: { single: SINGLE } },
    'hook-allow': webhook('allow'),
    'hook-deny': webhook('deny'),
    'hook-signed': webhook('signed'),
    'hook-signed-wrongly': webhook('signed', { secret: 'another secret of 16' }),
    'hook-step-ca': webhook('step-ca', { stepCaId }),
    'hook-no-step-ca': webhook('step-ca'),
    'hook-late': webhook('late'),
    'hook-late-1s': webhook('late', { timeout: '1s' }),
    'hook-none': webhook('no-notifications'),
    'hook-strict': webhook('no-notifications', { notify: 'strict' }),
    'hook-outbox': webhook('no-notifications', { notify: 'outbox' }),
    'hook-broken': webhook('broken'),
    'hook-broken-pending': webhook('broken', { onUnreachable: 'pending' }),
    'hook-trusted': webhook('', { ...secure, trustCa: file('receiver-ca.pem', authorityPem) }),
    'hook-untrusted': webhook('', secure),
    module: { module, options: { word: CHALLENGE } },
    'module-another-word': { module, options: { word: 'another' } },
    'module-without-options': { module },
    'all-of': { allOf: [{ static: CHALLENGE }, { module, options: { word: 'another' } }] },
    'any-of': { anyOf: [{ static: 'another' }, { module, options: { word: CHALLENGE } }] },
  };
}

const server = shared(async () => ({
  admin: { port: 0, token: TOKEN, users: USERS },
  endpoints: Object.entries(await policies()).map(([name, policy]) => ({ path: `/${name}`, policy })),
}));
const at = async (name: string): Promise<string> => (await server()).url(`/${name}`);

const status = async (name: string): Promise<string> => (await enrolled(await at(name))).status;

/** `http` to a name that is not loopback, and leads to this machine all the same. */
const elsewhere = shared(async () => {
  const webhook = { url: `http://0.0.0.0:${(await receiver()).http}/allow`, secret: SECRET, allowHttp: true };
  return { endpoints: [{ path: '/elsewhere', policy: { webhook } }] };
});

const password = async (name: string) => passwordFor((await server()).adminUrl, `/${name}`);

/** What one password of the API gets, twice, and what another one gets. */
async function thrice(name: string): Promise<string[]> {
  const { challenge = '' } = await password(name);
  const url = await at(name);
  const answers = [];
  for (let times = 0; times < 2; times++) answers.push((await enrolled(url, { challenge })).status);
  return [...answers, (await enrolled(url, { challenge: 'another' })).status];
}

async function minutesLeft(name: string): Promise<number> {
  const { expiresAt } = await password(name);
  return Math.round((Date.parse(expiresAt!) - Date.now()) / 60_000);
}

/** A tenant that accepts no certificate, and the same one with a wrong secret, which cannot be asked. */
const refusing = shared(async () => {
  const tenant = await tenantNamed('refusing');
  tenant.simulator.fault({ hop: 'successNotification', fault: { code: 'Refused' } });
  const lost = { ...tenant.section, clientSecret: 'another secret' };
  const endpoints = [
    { path: '/strict', policy: { intune: 'refusing' } },
    { path: '/outbox', policy: { intune: 'refusing', notify: 'outbox' } },
    { path: '/pending', policy: { intune: 'lost' } },
    { path: '/fail', policy: { intune: 'lost', onUnreachable: 'fail' } },
    { path: '/not-prechecked', policy: { intune: 'lost', precheck: 'off' } },
    { path: '/static', policy: { static: CHALLENGE } },
  ];
  return { tenants: { refusing: tenant.section, lost }, endpoints };
});

/** A signer with an EC key that only signs, by its certificate: encrypted with the challenge (id-alg-PWRI-KEK), or to its key. */
async function recipient(url: string, wish: { subject?: string; challenge?: string } = {}): Promise<string> {
  const key = ecKey('wiring signer');
  const certificate = await certificateFor(key.spki, { extensions: [keyUsage(['digitalSignature'])] });
  const { status, message } = await enrolled(url, { ...wish, signer: { key, certificate } });
  const password = message.includes(Buffer.from('060b2a864886f70d0109100309', 'hex'));
  return `${status}, ${password ? 'password' : 'key'}`;
}

async function recipientByIntune(path: string): Promise<string> {
  const { simulator } = await tenantNamed('refusing');
  const subject = newSubject();
  return recipient((await refusing()).url(path), { subject, challenge: simulator.mint({ subject }) });
}

async function recipientAt(name: string): Promise<string> {
  const { challenge = CHALLENGE } = await password(name);
  return recipient(await at(name), { challenge });
}

async function byIntune(path: string): Promise<string> {
  const { url } = await refusing();
  return (await (await tenantNamed('refusing')).enrolled(url(path))).status;
}

const WEBHOOK = 'endpoints[].policy.webhook';
const ONE_TIME = 'endpoints[].policy.oneTime';

export const POLICIES: readonly Row[] = [
  {
    keys: ['endpoints[].policy', 'endpoints[].policy.static'],
    question: 'what this challenge gets',
    ask: async (challenge) => (await enrolled(await at('static'), { challenge })).status,
    answers: { [CHALLENGE]: 'issued', another: 'failInfo 2' },
  },
  {
    keys: ['endpoints[].policy.intune'],
    question: 'what a challenge of the tenant gets',
    ask: byIntune,
    answers: { '/outbox': 'issued', '/static': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].policy.notify'],
    question: 'what a device gets whose certificate Intune does not accept',
    ask: byIntune,
    answers: { '/strict': 'failInfo 2', '/outbox': 'issued' },
  },
  {
    keys: ['endpoints[].policy.onUnreachable'],
    question: 'what a device gets while Intune cannot be asked',
    ask: byIntune,
    answers: { '/pending': 'pending', '/fail': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].policy.precheck'],
    question: 'what a challenge gets that Intune cannot have made, while Intune cannot be asked',
    ask: async (path) => (await enrolled((await refusing()).url(path), { challenge: 'a guess' })).status,
    answers: { '/pending': 'failInfo 2', '/not-prechecked': 'pending' },
  },
  {
    keys: [ONE_TIME],
    question: 'what one password gets at first and then, and another one',
    ask: thrice,
    answers: { 'one-time': ['issued', 'failInfo 2', 'failInfo 2'] },
  },
  {
    keys: ['endpoints[].policy.intune'],
    question: 'whether a reply is encrypted with the challenge when the key of the signer only signs',
    ask: recipientByIntune,
    answers: { '/outbox': 'issued, password' },
  },
  {
    keys: ['endpoints[].policy.static', ONE_TIME, `${ONE_TIME}.single`],
    question: 'whether a reply is encrypted with the challenge when the key of the signer only signs',
    ask: recipientAt,
    answers: { static: 'issued, key', 'one-time': 'issued, password', 'one-time-single': 'issued, key' },
  },
  {
    keys: [`${ONE_TIME}.single`],
    question: 'what the password of the API gets at first and then, and another one',
    ask: thrice,
    answers: { 'one-time-single': ['issued', 'issued', 'failInfo 2'] },
  },
  {
    keys: [`${ONE_TIME}.validity`],
    question: 'for how many minutes a password is good',
    ask: minutesLeft,
    answers: { 'one-time': 60, 'one-time-5m': 5 },
  },
  {
    keys: [`${ONE_TIME}.max`],
    question: 'the HTTP statuses of two wishes for a password',
    ask: async (name) => [(await password(name)).status, (await password(name)).status],
    answers: { 'one-time-1': [201, 409], 'one-time-16': [201, 201] },
  },
  {
    keys: [`${ONE_TIME}.length`],
    question: 'how many digits a password has',
    ask: async (name) => (await password(name)).challenge?.length,
    answers: { 'one-time': 16, 'one-time-16': 32 },
  },
  {
    keys: [WEBHOOK, `${WEBHOOK}.url`],
    question: 'what a device gets where the service says allow, and deny',
    ask: status,
    answers: { 'hook-allow': 'issued', 'hook-deny': 'failInfo 2' },
  },
  {
    keys: [`${WEBHOOK}.secret`],
    question: 'what a device gets where the service looks at the signature',
    ask: status,
    answers: { 'hook-signed': 'issued', 'hook-signed-wrongly': 'failInfo 2' },
  },
  {
    keys: [`${WEBHOOK}.stepCaId`],
    question: 'what a device gets where the service looks at the headers of step-ca',
    ask: status,
    answers: { 'hook-step-ca': 'issued', 'hook-no-step-ca': 'failInfo 2' },
  },
  {
    keys: [`${WEBHOOK}.timeout`],
    question: 'what a device gets where the service takes two seconds',
    ask: status,
    answers: { 'hook-late': 'issued', 'hook-late-1s': 'failInfo 2' },
  },
  {
    keys: [`${WEBHOOK}.notify`],
    question: 'what a device gets where the service takes no notification',
    ask: status,
    answers: { 'hook-none': 'issued', 'hook-strict': 'failInfo 2', 'hook-outbox': 'issued' },
  },
  {
    keys: [`${WEBHOOK}.onUnreachable`],
    question: 'what a device gets where the service fails',
    ask: status,
    answers: { 'hook-broken': 'failInfo 2', 'hook-broken-pending': 'pending' },
  },
  {
    keys: [`${WEBHOOK}.trustCa`],
    question: 'what a device gets where the service has a certificate of no public CA',
    ask: status,
    answers: { 'hook-trusted': 'issued', 'hook-untrusted': 'failInfo 2' },
  },
  {
    keys: [`${WEBHOOK}.allowHttp`],
    question: 'what a device gets where the service is asked over plain HTTP',
    ask: async (path) => (await enrolled((await elsewhere()).url(path))).status,
    answers: { '/elsewhere': 'issued' },
  },
  {
    keys: ['endpoints[].policy.module', 'endpoints[].policy.options'],
    question: 'what a device gets where the module looks for a word of its options',
    ask: status,
    answers: { module: 'issued', 'module-another-word': 'failInfo 2', 'module-without-options': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].policy.allOf'],
    question: 'what a device gets where one of two policies denies',
    ask: status,
    answers: { 'all-of': 'failInfo 2' },
  },
  {
    keys: ['endpoints[].policy.anyOf'],
    question: 'what a device gets where one of two policies allows',
    ask: status,
    answers: { 'any-of': 'issued' },
  },
];
