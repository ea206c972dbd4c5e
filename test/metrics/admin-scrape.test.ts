/** `/metrics` on the administrators' listener: who gets it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certified } from '../wiring/device.ts';
import { readExposition } from './exposition.ts';
import { configured, started } from '../wiring/server.ts';
import { hashOfToken, tokenOf } from '../wiring/operators.ts';

const token = (name: string, role: string, more: object = {}) => ({
  [name]: { hash: hashOfToken(name), role, ...more },
});

test('a token of the role metrics or admin gets the metrics, every other one and a limited one does not', async () => {
  const tokens = {
    ...token('prometheus', 'metrics'),
    ...token('limited', 'metrics', { endpoints: ['/plain'] }),
    ...token('expired', 'metrics', { expires: '2026-01-01' }),
    ...token('admin', 'admin'),
    ...token('viewer', 'viewer'),
    ...token('operator', 'operator'),
    ...token('auditor', 'auditor'),
  };
  const { adminUrl } = await started(configured({ admin: { port: 0, tokens } }));
  const get = (name: string) => fetch(`${adminUrl}/metrics`, { headers: { authorization: `Bearer ${tokenOf(name)}` } });
  const statuses: Record<string, number> = {};
  for (const name of [...Object.keys(tokens), 'unknown']) {
    const response = await get(name);
    statuses[name] = response.status;
    await response.text();
  }
  assert.deepEqual(statuses, {
    prometheus: 200,
    limited: 403,
    expired: 401,
    admin: 200,
    viewer: 403,
    operator: 403,
    auditor: 403,
    unknown: 401,
  });
  const bare = await fetch(`${adminUrl}/metrics`);
  assert.deepEqual([bare.status, bare.headers.get('www-authenticate')], [401, 'Bearer realm="openndes"']);
  const { values } = readExposition(await (await get('prometheus')).text());
  assert.equal(values.get('openndes_store_up'), 1);
  assert.equal(values.get('openndes_login_failures_total'), 2);
});

test('without tokens there is none', async () => {
  const { adminUrl } = await started(configured({ admin: { port: 0 } }));
  assert.equal((await fetch(`${adminUrl}/metrics`)).status, 404);
});

test('a certificate that a program revokes is counted, with the reason', async () => {
  const tokens = { ...token('prometheus', 'metrics'), ...token('operator', 'operator') };
  const { adminUrl, urls } = await started(configured({ admin: { port: 0, tokens } }));
  const { serialNumber } = await certified(urls[0]!);
  const asOperator = { authorization: `Bearer ${tokenOf('operator')}`, 'content-type': 'application/json' };
  const list = await fetch(`${adminUrl}/api/v1/certificates`, { headers: asOperator });
  const { certificates } = (await list.json()) as { certificates: { issuerId: string; serial: string }[] };
  assert.deepEqual(
    certificates.map(({ serial }) => serial.toUpperCase()),
    [serialNumber],
  );
  const [{ issuerId, serial }] = certificates as [{ issuerId: string; serial: string }];
  const revoked = await fetch(`${adminUrl}/api/v1/certificates/${issuerId}/${serial}/revoke`, {
    method: 'POST',
    headers: asOperator,
    body: JSON.stringify({ reason: 'keyCompromise' }),
  });
  assert.equal(revoked.status, 200);
  const scraped = await fetch(`${adminUrl}/metrics`, {
    headers: { authorization: `Bearer ${tokenOf('prometheus')}` },
  });
  const { values } = readExposition(await scraped.text());
  assert.equal(values.get('openndes_certificates_revoked_total{reason="keyCompromise",source="api"}'), 1);
});
