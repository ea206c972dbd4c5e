/** Every form of the pages, as a browser tries it. A form without a row here fails the suite. */
import { discover, enroll } from '../../src/client/scep-client.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { recordOrder } from '../kit/waiting-order.ts';
import { userKey } from '../kit/user-keys.ts';
import { recordWaiting } from '../kit/waiting-request.ts';
import { enrolled } from '../wiring/device.ts';
import { clock, DAY, random } from '../wiring/files.ts';
import { CHALLENGE } from '../wiring/server.ts';
import type { FormRow, Made, Value } from './form-row.ts';
import type { Installation } from './installation.ts';

let count = 0;
const next = (): number => 10 + ++count;

/** What another person does by the API. */
async function asAdmin({ url, cookies }: Installation, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { cookie: cookies.get('admin') ?? '', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** A certificate that a device has, with a key of its own: a block on it stops no other one. */
async function certificate(site: Installation): Promise<{ issuer: string; serial: string }> {
  const n = next();
  await enrolled(`${site.origin}/plain`, { subject: `CN=form-${n}`, key: ecKey(`form ${n}`) });
  const entry = (await site.store.listAudit({})).find(
    ({ event, serial }) => event === 'issued' && serial !== undefined,
  );
  return { issuer: entry?.issuerId ?? '', serial: entry?.serial ?? '' };
}

const certificatePage = (
  { issuer, serial }: { issuer: string; serial: string },
  values: Readonly<Record<string, Value>> = {},
): Made => ({ at: `/admin/certificate?${new URLSearchParams({ issuer, serial }).toString()}`, values });

async function heldCertificate(site: Installation): Promise<Made> {
  const held = await certificate(site);
  await asAdmin(site, `/certificates/${held.issuer}/${held.serial}/hold`, {});
  return certificatePage(held);
}

/** So many certificates; returns what finds all of them, and them alone. */
async function certificates({ store }: Installation, many: number): Promise<string> {
  const [n, now] = [next(), Date.now()];
  for (let each = 0; each < many; each++) {
    const issuance = issuanceFor(n * 1_000 + each);
    const dates = { notBefore: new Date(now - DAY), notAfter: new Date(now + 90 * DAY), issuedAt: new Date(now) };
    const named = { ...issuance.certificate, ...dates, firstIssuedAt: new Date(now), subject: `CN=many-${n}-${each}` };
    await recorded(store, { ...issuance, certificate: named });
  }
  return `many-${n}-`;
}

/** A revocation of 101 certificates that the administrator proposed. */
async function proposal(site: Installation): Promise<Made> {
  const subject = await certificates(site, 101);
  const { digest } = await asAdmin(site, `/revocations/preview?subject=${subject}`);
  const proposed = await asAdmin(site, '/revocations', { filter: { subject }, digest, confirm: 101 });
  return { at: '/admin/proposals', has: String(proposed['proposal']) };
}

const revocations = (subject: string, confirm: number): Made => ({
  at: `/admin/revocations?subject=${subject}`,
  values: { reason: 'superseded', why: 'a new profile', confirm: String(confirm) },
});

async function waiting(site: Installation, reason: string): Promise<Made> {
  const n = next();
  await recordWaiting(site.store, n, { subject: `CN=waits-${n}`, endpoint: '/plain' });
  const { requests } = await asAdmin(site, '/requests');
  const found = (requests as { id: string; subject: string }[]).find(({ subject }) => subject === `CN=waits-${n}`);
  return { at: '/admin/waiting', has: found?.id ?? '', values: { reason } };
}

async function blocked(site: Installation): Promise<Made> {
  const name = `device:form-${next()}`;
  await asAdmin(site, '/blocks', { name });
  return { at: '/admin/blocks', has: name };
}

async function order({ store }: Installation): Promise<Made> {
  const n = next();
  await recordOrder(store, n);
  const found = (await store.listOrders({ limit: 1_000 })).find(({ transactionId }) => transactionId === `order-${n}`);
  return { at: '/admin/authorities', has: String(found?.id ?? 0) };
}

async function message({ store }: Installation): Promise<Made> {
  const test = { kind: 'test', at: new Date().toISOString(), by: 'ada' } as const;
  await store.enqueueMessages([{ receiver: 'webhook:ops', message: test }]);
  const [kept] = await store.listMessages({ limit: 1 });
  const id = kept?.id ?? 0;
  await store.recordDelivery(id, { state: 'given-up', error: 'HTTP 503' });
  return { at: '/admin/messages', has: String(id) };
}

/** Of a user whom the directory does not have, so that the work of the server does nothing to it. */
async function keyOfPerson({ store }: Installation, values: Readonly<Record<string, Value>> = {}): Promise<Made> {
  const n = next();
  await store.addUserKey(userKey(`form-${n}`, { userPrincipalName: `form-${n}@contoso.example` }));
  return { at: `/admin/user-key?id=form-${n}`, values };
}

const plan = () => ({
  subject: nameFromText(`CN=tested-${next()}`),
  challenge: CHALLENGE,
  key: rsaKey('form request'),
});

/** PKCS#10, DER. */
const csr = () => {
  const { key, ...asks } = plan();
  return writeCertificationRequest(asks, key);
};

/** The message of a device that was on its way to the server. */
async function captured({ origin }: Installation): Promise<Uint8Array> {
  let body = new Uint8Array();
  const kept: typeof fetch = async (...[url, options]) => {
    if (options?.body) {
      body = new Uint8Array(await new Response(options.body).arrayBuffer());
      throw new Error('captured');
    }
    return fetch(url, options);
  };
  const context = { fetch: kept, clock, random };
  await enroll(await discover(`${origin}/plain`, context), plan(), context).catch(() => undefined);
  return body;
}

const endpoint = '/plain';

export const FORM_ROWS: readonly FormRow[] = [
  {
    path: '/admin/certificate/revoke',
    title: 'a certificate is revoked, and blocked',
    made: async (site) =>
      certificatePage(await certificate(site), { reason: 'keyCompromise', why: 'stolen', block: true }),
    shows: /It is revoked/,
    history: ['blocked operator', 'revoked operator'],
  },
  {
    path: '/admin/certificate/hold',
    title: 'a certificate is put on hold',
    made: async (site) => certificatePage(await certificate(site), { why: 'lost, perhaps' }),
    shows: /It is on hold/,
    history: ['revoked operator'],
  },
  {
    path: '/admin/certificate/release',
    title: 'a certificate is released',
    made: heldCertificate,
    shows: /It is valid again/,
    history: ['released operator'],
  },
  {
    path: '/admin/certificate/block',
    title: 'the device of a certificate is blocked',
    made: async (site) => certificatePage(await certificate(site)),
    shows: /It is on the block list now/,
    history: ['blocked operator'],
  },
  {
    path: '/admin/revocations/revoke',
    title: 'all that a filter finds is revoked after its number was typed',
    made: async (site) => revocations(await certificates(site, 3), 3),
    shows: /Revoked now\s*3\D/,
    history: ['revoked operator'],
  },
  {
    path: '/admin/revocations/revoke',
    title: 'nothing is revoked when another number was typed',
    made: async (site) => revocations(await certificates(site, 3), 2),
    shows: /not the number of certificates/,
    history: [],
  },
  {
    path: '/admin/revocations/revoke',
    title: 'more than a hundred wait for a second person',
    made: async (site) => revocations(await certificates(site, 101), 101),
    shows: /Nothing was done yet/,
    history: ['proposed operator'],
  },
  {
    path: '/admin/waiting/approve',
    title: 'a request is approved',
    made: (site) => waiting(site, 'seen'),
    shows: /Approved\. /,
    history: ['approved operator'],
  },
  {
    path: '/admin/waiting/reject',
    title: 'a request is rejected',
    made: (site) => waiting(site, 'unknown device'),
    shows: /Rejected\. /,
    history: ['rejected operator'],
  },
  {
    path: '/admin/proposals/confirm',
    title: 'what another person proposed is confirmed and done',
    made: proposal,
    shows: /It was confirmed, and is done/,
    history: ['confirmed operator', 'revoked operator (proposed by admin)'],
  },
  {
    path: '/admin/proposals/withdraw',
    title: 'what another person proposed is withdrawn',
    made: proposal,
    shows: /It was withdrawn/,
    history: ['withdrawn operator'],
  },
  {
    path: '/admin/passwords/issue',
    title: 'a one-time password is issued for a device',
    made: async () => ({
      at: '/admin/passwords',
      values: { endpoint: '/once', subject: 'CN=router-7', san: 'dns:router-7.example.com' },
    }),
    shows: /Copy it now/,
    // The entry of the request that uses it has its name.
    history: ['password-issued operator'],
  },
  {
    path: '/admin/blocks/add',
    title: 'a name is blocked',
    made: async () => ({ at: '/admin/blocks', values: { name: `device:form-${next()}`, comment: 'stolen' } }),
    shows: /It is on the block list now/,
    history: ['blocked operator'],
  },
  {
    path: '/admin/blocks/remove',
    title: 'a name is blocked no longer',
    made: blocked,
    shows: /no longer on the block list/,
    history: ['unblocked operator'],
  },
  {
    path: '/admin/orders/done',
    title: 'an order without an answer was looked for',
    made: order,
    shows: /The order is closed/,
    history: ['discarded operator'],
  },
  {
    path: '/admin/user-keys/issue',
    title: 'a key is asked for',
    made: async () => ({
      at: '/admin/user-keys',
      values: { user: `form-${next()}@contoso.example`, purpose: 'smimeSigning' },
    }),
    shows: /The key is wanted/,
    history: ['key-wanted operator'],
  },
  {
    path: '/admin/user-key/renew',
    title: 'a successor of a key is asked for',
    made: (site) => keyOfPerson(site),
    shows: /The key is wanted/,
    history: ['key-wanted operator'],
  },
  {
    path: '/admin/user-key/revoke',
    title: 'a key of a person is revoked',
    made: (site) => keyOfPerson(site, { reason: 'superseded', why: 'a new mail address' }),
    shows: /The key has ended/,
    history: ['key-revoked operator'],
  },
  {
    path: '/admin/messages/retry',
    title: 'a message that was given up is sent again',
    made: message,
    shows: /It is sent within seconds/,
    history: ['messages-retried operator'],
  },
  {
    path: '/admin/messages/test',
    title: 'a test is sent',
    made: async () => ({ at: '/admin/messages', values: { receiver: 'webhook:ops' } }),
    shows: /The test is sent within seconds/,
    history: ['message-tested operator'],
  },
  {
    path: '/admin/endpoints/test',
    title: 'a request is tested as a file in DER',
    made: async () => ({ at: '/admin/endpoints', values: { file: await csr(), endpoint } }),
    shows: /A certificate is issued/,
    history: [],
  },
  {
    path: '/admin/endpoints/test',
    title: 'a captured message is tested as a file',
    made: async (site) => ({ at: '/admin/endpoints', values: { file: await captured(site), endpoint } }),
    shows: /A certificate is issued/,
    history: [],
  },
  {
    path: '/admin/endpoints/test',
    title: 'a request is tested as text',
    made: async () => ({
      at: '/admin/endpoints',
      values: { request: Buffer.from(await csr()).toString('base64'), endpoint },
    }),
    shows: /A certificate is issued/,
    history: [],
  },
];
