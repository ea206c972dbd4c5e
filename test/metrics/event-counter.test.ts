/** What a client chooses never becomes a label: every label has a bounded set of values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnsweredFacts } from '../../src/core/events.ts';
import { newMetrics } from '../../src/metrics/metrics.ts';
import { readExposition } from './exposition.ts';

const HTTP = { method: 'POST', ip: '127.0.0.1', userAgent: undefined };
const answered = (facts: Partial<AnsweredFacts>) =>
  ({
    event: 'scep-request-answered',
    endpoint: 'phones',
    operation: 'PKIOperation',
    ms: 3,
    ...HTTP,
    ...facts,
  }) as const;

async function counted(...events: Parameters<ReturnType<typeof newMetrics>['onEvent']>[0][]): Promise<string[]> {
  const metrics = newMetrics();
  events.forEach(metrics.onEvent);
  const { values } = readExposition((await metrics.text([])).body);
  return [...values]
    .filter(([name, value]) => /_total/.test(name) && name.startsWith('openndes') && value > 0)
    .map(([series]) => series);
}

test('an operation, a message type, a code and a reason that nobody knows are `other`', async () => {
  const odd = answered({
    operation: 'pkioperation',
    messageType: '4711',
    outcome: 'refused',
    code: 'of-a-policy',
  });
  assert.deepEqual(await counted(odd, answered({ operation: 'GetSecrets', outcome: 'pending', reason: 'my own: x' })), [
    'openndes_scep_requests_total{endpoint="phones",message_type="other",operation="PKIOperation",status="refused"}',
    'openndes_scep_requests_total{endpoint="phones",message_type="",operation="other",status="pending"}',
    'openndes_scep_failures_total{endpoint="phones",error="other"}',
    'openndes_scep_pending_total{endpoint="phones",reason="other"}',
  ]);
});

test('no label has an address, a path, a subject, a transaction or a serial number', async () => {
  const names = {
    subject: 'CN=secret',
    transactionId: 'secret',
    serial: 'secret',
    thumbprint: 'secret',
    detail: 'secret',
  };
  const one = answered({ ...names, outcome: 'issued', profile: 'device', backend: 'local', issueMs: 2, ip: 'secret' });
  const path = { event: 'path-unknown', ...HTTP, path: '/secret', ip: 'secret' } as const;
  const error = {
    ...HTTP,
    path: '/secret',
    status: 400,
    code: 'message_undecodable',
    err: new Error('secret'),
  } as const;
  const all = await counted(one, path, { event: 'scep-request-refused', ...error });
  assert.equal(all.length, 4);
  assert.ok(!all.join().includes('secret'), all.join());
});

test('events that stand for several count all of them', async () => {
  const metrics = newMetrics();
  metrics.onEvent({ event: 'path-unknown', ...HTTP, path: '/x', skipped: 4 });
  const requested = { tenant: 'corp', already: 0, unknown: 0, unreadable: 0, foreign: 0 };
  metrics.onEvent({ event: 'revocations-requested', revoked: 7, ...requested });
  metrics.onEvent({ event: 'certificates-revoked', source: 'page', reason: 'keyCompromise', number: 2 });
  const { values } = readExposition((await metrics.text([])).body);
  assert.equal(values.get('openndes_unknown_paths_total'), 5);
  const revoked = 'openndes_certificates_revoked_total';
  assert.equal(values.get(`${revoked}{reason="unspecified",source="intune"}`), 7);
  assert.equal(values.get(`${revoked}{reason="keyCompromise",source="page"}`), 2);
});

test('however many scrape at once, each thing is looked at once', async () => {
  const metrics = newMetrics();
  let looks = 0;
  const probes = [async () => [{ name: 'openndes_store_up', value: ++looks } as const]];
  const all = await Promise.all([metrics.text(probes), metrics.text(probes), metrics.text(probes)]);
  assert.deepEqual(
    all.map(({ body }) => readExposition(body).values.get('openndes_store_up')),
    [1, 1, 1],
  );
  assert.equal(readExposition((await metrics.text(probes)).body).values.get('openndes_store_up'), 2);
});

test('a probe that fails leaves out its samples, and is counted', async () => {
  const metrics = newMetrics();
  const works = () => [{ name: 'openndes_store_up', value: 1 } as const];
  const { body } = await metrics.text([works, () => Promise.reject(new Error('no answer'))]);
  const { values } = readExposition(body);
  assert.deepEqual([values.get('openndes_store_up'), values.get('openndes_scrape_errors')], [1, 1]);
  const again = readExposition((await metrics.text([])).body).values;
  assert.deepEqual([again.get('openndes_store_up'), again.get('openndes_scrape_errors')], [undefined, 0]);
});
