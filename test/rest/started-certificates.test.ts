/** Certificates and the history by the API of a started server that has issued them: what each role gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certified } from '../wiring/device.ts';
import { issuingSection, secondSection } from '../wiring/files.ts';
import { hashOfToken, tokenOf } from '../wiring/operators.ts';
import { CHALLENGE, shared } from '../wiring/server.ts';

const token = (name: string, role: string, limits: object = {}): [string, object] => [
  name,
  { hash: hashOfToken(name), role, ...limits },
];
const policy = { static: CHALLENGE };
const running = shared({
  admin: {
    port: 0,
    tokens: Object.fromEntries([
      token('looks', 'viewer'),
      token('works', 'operator'),
      token('audits', 'auditor'),
      token('rules', 'admin'),
      token('counts', 'metrics'),
      token('works-at-wifi', 'operator', { endpoints: ['wifi'] }),
      token('audits-second', 'auditor', { authorities: ['second'] }),
    ]),
  },
  authorities: { issuing: issuingSection, second: secondSection },
  endpoints: [
    { path: '/wifi', name: 'wifi', authority: 'issuing', policy },
    { path: '/vpn', name: 'vpn', authority: 'second', policy },
  ],
});

type Row = { issuerId: string; serial: string; subject: string };
type Body = Record<string, unknown> & {
  certificates: Row[];
  entries: { event: string }[];
  count: number;
  digest: string;
  whole: boolean;
};

async function ask(who: string, path: string, body?: object): Promise<{ status: number; body: Body }> {
  const { adminUrl } = await running();
  const response = await fetch(`${adminUrl}/api/v1${path}`, {
    headers: { authorization: `Bearer ${tokenOf(who)}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

const subjects = async (who: string, query = ''): Promise<string[]> =>
  ((await ask(who, `/certificates${query}`)).body.certificates ?? []).map(({ subject }) => subject);

const { url } = await running();
for (const name of ['wifi-1', 'wifi-2']) await certified(url('/wifi'), { subject: `CN=${name}` });
await certified(url('/vpn'), { subject: 'CN=vpn-1' });

const path = async (subject: string): Promise<string> => {
  const [row] = (await ask('looks', `/certificates?q=${subject}`)).body.certificates;
  return `/certificates/${row?.issuerId}/${row?.serial}`;
};

for (const [who, list, read, history, revoke] of [
  ['looks', 200, 200, 403, 403],
  ['audits', 200, 200, 200, 403],
  ['counts', 403, 403, 403, 403],
  ['works-at-wifi', 200, 404, 403, 404],
  ['audits-second', 200, 200, 200, 403],
  ['nobody', 401, 401, 401, 401],
] as const)
  test(`${who}: ${list} for the list, ${read} for a certificate of vpn, ${history} for the history, ${revoke} for its revocation`, async () => {
    const vpn = await path('vpn-1');
    assert.equal((await ask(who, '/certificates')).status, list);
    assert.equal((await ask(who, '/certificates/export?form=csv')).status, list);
    assert.equal((await ask(who, vpn)).status, read);
    assert.equal((await ask(who, '/audit')).status, history);
    assert.equal((await ask(who, '/audit/export?form=csv')).status, history);
    assert.equal((await ask(who, `${vpn}/revoke`, {})).status, revoke);
    assert.equal((await ask(who, `${vpn}/hold`, {})).status, revoke);
    assert.deepEqual(await subjects('looks', '?state=revoked&q=vpn-'), []);
  });

test('each sees the certificates of its reach, by search and without', async () => {
  assert.deepEqual(await subjects('looks'), ['CN=vpn-1', 'CN=wifi-2', 'CN=wifi-1']);
  assert.deepEqual(await subjects('works-at-wifi'), ['CN=wifi-2', 'CN=wifi-1']);
  assert.deepEqual(await subjects('works-at-wifi', '?q=vpn-1'), []);
  assert.deepEqual(await subjects('audits-second'), ['CN=vpn-1']);
  assert.deepEqual(await subjects('looks', '?authority=issuing&limit=1'), ['CN=wifi-2']);
  const { body } = await ask('audits-second', '/audit?event=issued');
  assert.equal(body.entries.length, 1);
});

test('a held certificate is released, and an operator of wifi revokes what a filter finds there and nothing else', async () => {
  const wifi = await path('wifi-1');
  assert.equal((await ask('works', `${wifi}/hold`, { why: 'lost' })).status, 200);
  assert.equal((await ask('works', `${wifi}/release`, {})).status, 200);
  const preview = await ask('works-at-wifi', '/revocations/preview?expiresFrom=2000-01-01');
  assert.equal(preview.body.count, 2);
  const sent = { filter: { expiresFrom: '2000-01-01' }, digest: preview.body.digest, reason: 'superseded' };
  assert.equal((await ask('works', '/revocations', { ...sent, confirm: 2 })).status, 409);
  const done = await ask('works-at-wifi', '/revocations', { ...sent, confirm: 2 });
  assert.deepEqual([done.status, done.body], [200, { revoked: 2, already: 0, validRenewals: 0 }]);
  assert.deepEqual(await subjects('looks', '?state=revoked'), ['CN=wifi-2', 'CN=wifi-1']);
  assert.deepEqual(await subjects('looks', '?state=delivered'), ['CN=vpn-1']);
  const history = await ask('audits', '/audit?event=revoked&source=api&by=works-at-wifi');
  assert.equal(history.body.entries.length, 2);
});

test('the whole history is verified by an auditor of everything only', async () => {
  const { status, body } = await ask('audits', '/audit/verification');
  assert.deepEqual([status, body.whole], [200, true]);
  assert.equal((await ask('audits-second', '/audit/verification')).status, 403);
  assert.equal((await ask('works', '/audit/verification')).status, 403);
});
