/** A CA that cannot revoke, with a program that does: whom each call goes to, and how both stand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OutsideRevoker, withRevoker } from '../../src/backends/with-revoker.ts';
import type { Backend } from '../../src/backends/backend.ts';
import type { IssuerStanding } from '../../src/core/issuer.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { clock } from '../kit/pki.ts';

const never = new AbortController().signal;
const ORDER = { serial: '4d', issuer: 'CN=CA', certificate: Uint8Array.of(0x30, 0), at: clock() };

function under(standings: { ca?: IssuerStanding; revoker?: IssuerStanding } = {}) {
  const told: string[] = [];
  const backend: Backend = {
    backend: 'adcs-ces',
    capabilities: { sanFromCsr: true },
    issue: async () => ({ kind: 'pending', reference: '1', retryAfter: 1 }),
    revoke: async () => assert.fail('the CA cannot revoke'),
    check: async () => standings.ca ?? { ok: true, detail: 'the CA is well' },
    close: async () => void told.push('closed'),
  };
  const { revoker: standing } = standings;
  const revoker: OutsideRevoker = {
    capabilities: { validityOverride: true, revokeReasons: ['unspecified', 'superseded'] },
    revoke: async ({ serial, reason }) => void told.push(`${serial} ${reason}`),
    release: async ({ serial }) => void told.push(`${serial} released`),
    ...(standing && { check: async () => standing }),
  };
  return { both: withRevoker(backend, revoker), told };
}

test('certificates are made by the one and revoked by the other, with the reasons of the other', async () => {
  const { both, told } = under();
  assert.equal((await both.issue(sampleRequest(), { kind: 'allow', notify: 'none' }, never)).kind, 'pending');
  await both.revoke!({ ...ORDER, reason: 'superseded' }, never);
  await both.release!(ORDER, never);
  await both.close!();
  assert.deepEqual(told, ['4d superseded', '4d released', 'closed']);
  assert.equal(both.backend, 'adcs-ces');
  assert.deepEqual(both.capabilities, { sanFromCsr: true, revokeReasons: ['unspecified', 'superseded'] });
});

test('both are asked how they are: one that cannot be used is told alone, and all warnings are', async () => {
  const asked = async (ca: IssuerStanding | undefined, revoker?: IssuerStanding) =>
    under({ ...(ca && { ca }), ...(revoker && { revoker }) }).both.check!(never);
  assert.deepEqual(await asked(undefined), { ok: true, detail: 'the CA is well', warnings: [] });
  assert.deepEqual(
    await asked({ ok: true, detail: 'a', warnings: ['one'] }, { ok: true, detail: 'b', warnings: ['two'] }),
    { ok: true, detail: 'a; b', warnings: ['one', 'two'] },
  );
  assert.deepEqual(await asked({ ok: true, detail: 'a' }, { ok: false, detail: 'b is down' }), {
    ok: false,
    detail: 'b is down',
    warnings: [],
  });
});
