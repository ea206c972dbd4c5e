/** The metrics of a started server, after an enrolment, a refusal, a fault of Intune and a few more. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { startServer, type RunningServer } from '../../src/app/configured-server.ts';
import { METRICS } from '../../src/metrics/metric-table.ts';
import { ocspRequest } from '../ocsp/ocsp-under-test.ts';
import { until } from '../kit/until.ts';
import { asked, enrolled, forged, posted } from '../wiring/device.ts';
import { atEnd, issuing, issuingSection } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';
import { type Tenant, tenantNamed } from '../wiring/tenant.ts';
import { type Exposition, scraped } from './exposition.ts';

const endpoints = [
  { path: '/scep', name: 'phones', policy: { intune: 'corp' }, profile: 'device' },
  { path: '/static', policy: { static: 'a-challenge-of-the-metrics' }, profile: 'device' },
];

let server: RunningServer;
let tenant: Tenant;
let seen: Exposition;
const at = (path: string): string => new URL(path, server.urls[0]).href;
const value = (series: string): number | undefined => seen.values.get(series);

before(async () => {
  tenant = await tenantNamed('metrics');
  const authorities = { issuing: { ...issuingSection, ocsp: {} } };
  const tenants = { corp: tenant.section };
  const file = configured({ metrics: { port: 0 }, authorities, tenants, profiles: { device: {} }, endpoints });
  const intuneTimes = { retries: 0, totalMs: 3_000, breakAfter: 1, breakMs: 3_600_000 };
  server = await startServer(file, { logLevel: 'silent', workers: 1, intuneTimes });
  atEnd(() => server.close());
  await happen();
  // The first run of the job has made the list.
  await until(async () => {
    seen = await scraped(server.metricsUrl!);
    return value(CRL_SIZE) !== undefined && value('openndes_replicas') === 1;
  }, 'the list, and the first look for conditions');
});

const CRL_SIZE = 'openndes_crl_size_bytes{ca="issuing",shard=""}';

async function happen(): Promise<void> {
  assert.equal((await tenant.enrolled(at('/scep'))).status, 'issued');
  assert.equal((await enrolled(at('/scep'), { challenge: 'a wrong one' })).status, 'failInfo 2');
  assert.equal((await enrolled(at('/static'), { challenge: 'a-challenge-of-the-metrics' })).status, 'issued');
  tenant.simulator.fault({ hop: 'validateRequest', fault: { status: 500 } });
  assert.equal((await tenant.enrolled(at('/scep'))).status, 'pending');
  assert.equal(await forged(at('/static'), { signed: { digest: 'sha1' } }).catch(() => 'failed'), 'failInfo 0');
  assert.equal((await posted(at('/static'), Buffer.from('3000', 'hex'))).status, 400);
  await asked(at('/nowhere'), 'GetCACaps');
  await fetch(at('/ocsp/issuing'), {
    method: 'POST',
    body: Buffer.from(ocspRequest(['0123'], { ca: issuing.certificate })),
  });
  await until(async () => {
    seen = await scraped(server.metricsUrl!);
    return value('openndes_intune_notifications_total{endpoint="phones",result="acknowledged"}') === 1;
  }, 'the notification');
}

test('every metric of the table is exposed with its kind, and each that is exposed has a name of the table or of the process', () => {
  for (const [name, { kind }] of Object.entries(METRICS)) assert.equal(seen.types.get(name), kind, name);
  const others = [...seen.types.keys()].filter((name) => !Object.hasOwn(METRICS, name));
  assert.deepEqual(
    others.filter((name) => !/^(process|nodejs)_/.test(name)),
    [],
  );
  assert.ok(others.includes('process_resident_memory_bytes') && others.includes('nodejs_eventloop_lag_p99_seconds'));
});

test('requests: by endpoint, operation, message type and outcome', () => {
  const requests = (endpoint: string, status: string) =>
    value(
      `openndes_scep_requests_total{endpoint="${endpoint}",message_type="PKCSReq",operation="PKIOperation",status="${status}"}`,
    );
  assert.deepEqual(
    [requests('phones', 'issued'), requests('phones', 'refused'), requests('phones', 'pending')],
    [1, 1, 1],
  );
  assert.deepEqual([requests('/static', 'issued'), requests('/static', 'refused')], [1, 1]);
  const asksFor = 'endpoint="phones",message_type="",operation="GetCACert",status="answered"';
  assert.equal(value(`openndes_scep_requests_total{${asksFor}}`), 3);
  assert.equal(value('openndes_scep_request_duration_seconds_count{endpoint="phones",operation="PKIOperation"}'), 3);
  assert.equal(value('openndes_unknown_paths_total'), 1);
});

test('what went wrong: the code of the refusal, the reason of the wait, the HTTP error', () => {
  assert.equal(value('openndes_scep_failures_total{endpoint="phones",error="intune_denied"}'), 1);
  assert.equal(value('openndes_scep_failures_total{endpoint="/static",error="algorithm_refused"}'), 1);
  assert.equal(value('openndes_scep_pending_total{endpoint="phones",reason="unreachable"}'), 1);
  assert.equal(value('openndes_scep_rejected_total{endpoint="/static",reason="message_undecodable"}'), 1);
  assert.equal(value('openndes_scep_rejected_total{endpoint="/static",reason="overloaded"}'), 0);
  assert.equal(value('openndes_csr_mismatch_total{endpoint="phones"}'), 0);
  assert.equal(value('openndes_internal_errors_total{event="thread-ended"}'), 0);
});

test('certificates: by endpoint, profile and CA, with the time that it took', () => {
  const issued = (endpoint: string) =>
    value(`openndes_certificates_issued_total{backend="local",endpoint="${endpoint}",profile="device"}`);
  assert.deepEqual([issued('phones'), issued('/static')], [1, 1]);
  assert.equal(value('openndes_issue_duration_seconds_count{backend="local"}'), 2);
});

test('Intune: calls by result, the breaker, the outbox', () => {
  const calls = (call: string, result: string) =>
    value(`openndes_intune_calls_total{call="${call}",result="${result}",tenant="corp"}`);
  assert.deepEqual([calls('validateRequest', 'answered'), calls('validateRequest', 'failed')], [1, 1]);
  assert.equal(calls('successNotification', 'answered'), 1);
  assert.equal(value('openndes_intune_call_duration_seconds_count{call="successNotification",tenant="corp"}'), 1);
  assert.equal(value('openndes_intune_up{tenant="corp"}'), 0);
  assert.equal(value('openndes_intune_breaker_open{tenant="corp"}'), 1);
  assert.equal(value('openndes_intune_outbox_pending'), 0);
  assert.equal(value('openndes_intune_outbox_oldest_seconds'), 0);
});

test('orders at other CAs: by state', () => {
  assert.equal(value('openndes_orders{state="sent"}'), 0);
  assert.equal(value('openndes_orders{state="orphan"}'), 0);
});

test('OCSP and revocation lists', () => {
  assert.equal(value('openndes_ocsp_responses_total{authority="issuing",status="unknown"}'), 1);
  assert.ok(value(CRL_SIZE)! > 200);
  assert.equal(value('openndes_crl_entries{ca="issuing",shard=""}'), 0);
  assert.equal(value('openndes_crl_generated_total{ca="issuing",shard=""}'), 1);
  assert.equal(value('openndes_crl_failing{ca="issuing",shard=""}'), 0);
});

test('ends of certificates and lists have the names and labels of x509-certificate-exporter', () => {
  const ends = [...seen.values.keys()].filter((series) => series.startsWith('x509_cert_not_after{'));
  const label = (name: string) => ends.map((series) => new RegExp(`${name}="([^"]*)"`).exec(series)![1]).toSorted();
  assert.deepEqual(label('filepath'), [
    'authority issuing: OCSP signer',
    'authority issuing: RA',
    'authority issuing: issuing CA',
    'authority issuing: root CA',
    'tenant corp: client secret',
  ]);
  assert.deepEqual(label('subject_CN'), [
    'Wiring Issuing',
    'Wiring Issuing OCSP',
    'Wiring RA',
    'Wiring Root',
    'first secret',
  ]);
  assert.deepEqual(label('issuer_CN'), ['', 'Wiring Issuing', 'Wiring Issuing', 'Wiring Root', 'Wiring Root']);
  assert.ok(label('serial_number').every((serial) => /^\d*$/.test(serial!)));
  const [list, next] = [...seen.values].find(([series]) => series.startsWith('x509_crl_next_update{'))!;
  assert.equal(
    list,
    'x509_crl_next_update{filename="/crl/issuing.crl",filepath="/crl/issuing.crl",issuer_CN="Wiring Issuing"}',
  );
  assert.ok(next > Date.now() / 1000);
});

test('the server: store, disk, endpoints, jobs, and no probe that failed', () => {
  assert.equal(value('openndes_store_up'), 1);
  assert.ok(value('openndes_store_disk_free_bytes')! < value('openndes_store_disk_size_bytes')!);
  assert.equal(value('openndes_endpoint_up{endpoint="phones"}'), 1);
  assert.equal(value('openndes_endpoint_info{authority="issuing",endpoint="phones",tenant="corp"}'), 1);
  assert.equal(value('openndes_scep_in_flight_requests{endpoint="phones"}'), 0);
  assert.equal(value('openndes_scep_in_flight_limit{endpoint="phones"}'), 512);
  assert.equal(value('openndes_scep_work_limit_seconds'), 10);
  assert.equal(value('openndes_job_failing{name="watch"}'), 0);
  assert.equal(value('openndes_replicas'), 1);
  assert.equal(value('openndes_approval_pending'), 0);
  assert.equal(value('openndes_conditions{condition="store-unavailable",severity="error"}'), 0);
  assert.equal(value('openndes_scrape_errors'), 0);
});

test('the listener serves the metrics and nothing else', async () => {
  const { origin } = new URL(server.metricsUrl!);
  const other = await fetch(`${origin}/readyz`);
  assert.deepEqual([other.status, await other.text()], [404, 'The metrics are at /metrics.\n']);
  const { headers } = await fetch(`${origin}/metrics`);
  assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
});

test('a reload keeps the counters', async () => {
  await server.reload();
  const after = await scraped(server.metricsUrl!);
  const series = 'openndes_certificates_issued_total{backend="local",endpoint="phones",profile="device"}';
  assert.equal(after.values.get(series), 1);
});
