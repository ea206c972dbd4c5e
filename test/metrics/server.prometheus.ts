/**
 * Debian's Prometheus scrapes a running server: every panel of the dashboard gets data, every rule is evaluated, and fires and stays
 * silent in `promtool`. `npm run metrics`.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { startServer, type RunningServer } from '../../src/app/configured-server.ts';
import { freePort } from '../kit/ports.ts';
import { until } from '../kit/until.ts';
import { ocspRequest } from '../ocsp/ocsp-under-test.ts';
import { asked, enrolled, posted } from '../wiring/device.ts';
import { atEnd, issuing, issuingSection } from '../wiring/files.ts';
import { CHALLENGE, configured } from '../wiring/server.ts';
import { type Tenant, tenantNamed } from '../wiring/tenant.ts';
import { scraped } from './exposition.ts';
import { asSent, metricsIn, panelQueries, rules, RULE_TESTS_FILE, RULES_FILE } from './queries.ts';

let server: RunningServer;
let tenant: Tenant;
let prometheus: string;

/** Without a key elsewhere there is none. */
const ONLY_WITH_AN_HSM = ['openndes_signer_up'];

before(async () => {
  tenant = await tenantNamed('prometheus');
  const file = configured({
    metrics: { port: 0 },
    // Nothing listens there, so that a message waits.
    messages: { webhooks: { ops: { url: 'http://127.0.0.1:1/', secret: 'a secret of sixteen', kinds: ['issued'] } } },
    authorities: { issuing: { ...issuingSection, ocsp: {} } },
    tenants: { corp: tenant.section },
    profiles: { device: {}, rare: { rate: { certificates: 1, per: '1h' } } },
    endpoints: [
      { path: '/scep', name: 'phones', policy: { intune: 'corp' }, profile: 'device' },
      { path: '/rare', name: 'rare', policy: { static: CHALLENGE }, profile: 'rare' },
    ],
  });
  server = await startServer(file, { logLevel: 'silent', workers: 2, intuneTimes: { retries: 0, totalMs: 5_000 } });
  atEnd(() => server.close());
  prometheus = await startPrometheus(new URL(server.metricsUrl!).host);
  // A counter that was not there before has no increase: everything happens twice, with scrapes between.
  for (let round = 0; round < 2; round++) {
    await happen();
    await scrapes(2);
  }
});

const at = (path: string): string => new URL(path, server.urls[0]).href;

/** A certificate, a refusal, a fault of Intune, a CA that has no more, a message that is none, a wrong path, OCSP. */
async function happen(): Promise<void> {
  assert.equal((await tenant.enrolled(at('/scep'))).status, 'issued');
  assert.equal((await enrolled(at('/scep'), { challenge: 'a wrong one' })).status, 'failInfo 2');
  tenant.simulator.fault({ hop: 'validateRequest', fault: { status: 500 }, count: 1 });
  assert.equal((await tenant.enrolled(at('/scep'))).status, 'pending');
  const taken = [await enrolled(at('/rare')), await enrolled(at('/rare'))].map(({ status }) => status);
  assert.equal(taken.at(-1), 'pending');
  assert.equal((await posted(at('/rare'), Buffer.from('3000', 'hex'))).status, 400);
  await asked(at('/nowhere'), 'GetCACaps');
  const request = Buffer.from(ocspRequest(['0123'], { ca: issuing.certificate }));
  assert.equal((await fetch(at('/ocsp/issuing'), { method: 'POST', body: request })).status, 200);
}

async function startPrometheus(target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [RULES_FILE],
    scrape_configs: [{ job_name: 'openndes', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML too.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
  const child = spawn('prometheus', [...options, `--web.listen-address=${address}`, '--log.level=error'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', (error) => console.error('prometheus cannot be run: .ci/run installs it', error));
  atEnd(async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const origin = `http://${address}`;
  await until(async () => (await fetch(`${origin}/-/ready`).catch(() => undefined))?.ok === true, 'Prometheus');
  return origin;
}

type Answer<T> = { status: string; error?: string; data: T };

async function ask<T>(path: string): Promise<T> {
  const { status, error, data } = (await (await fetch(`${prometheus}${path}`)).json()) as Answer<T>;
  assert.equal(status, 'success', `${path}: ${error}`);
  return data;
}

type Series = { metric: Record<string, string>; value: [number, string] };
const query = async (expr: string): Promise<Series[]> =>
  (await ask<{ result: Series[] }>(`/api/v1/query?query=${encodeURIComponent(expr)}`)).result;

/** Waits for so many further scrapes. */
async function scrapes(number: number): Promise<void> {
  const count = async (): Promise<number> =>
    Number((await query('count_over_time(up{job="openndes"}[5m])'))[0]?.value[1] ?? 0);
  const before = await count();
  await until(async () => (await count()) >= before + number, 'a scrape', { every: 200 });
}

test('Prometheus finds the server up, and each metric that a rule or a panel names', async () => {
  assert.equal((await query('up{job="openndes"}'))[0]?.value[1], '1');
  const named = new Set([...rules(), ...panelQueries()].flatMap(({ expr }) => metricsIn(expr)));
  const stored = new Set(await ask<string[]>('/api/v1/label/__name__/values'));
  const isThere = (name: string): boolean => stored.has(name) || stored.has(`${name}_bucket`);
  assert.deepEqual(
    [...named].filter((name) => !isThere(name)),
    ONLY_WITH_AN_HSM,
  );
  const { types } = await scraped(server.metricsUrl!);
  assert.ok([...named].every((name) => types.has(name)));
});

test('the query of each panel returns data', async () => {
  const empty: string[] = [];
  for (const { title, expr } of panelQueries()) {
    const series = await query(asSent(expr));
    if (series.length === 0) empty.push(`${title}: ${asSent(expr)}`);
  }
  assert.deepEqual(empty, []);
});

test('threads count too: what they issued and what waited is there once', async () => {
  const issued = await query('sum by (endpoint) (openndes_certificates_issued_total)');
  const values: Record<string, string> = Object.fromEntries(
    issued.map(({ metric, value }) => [metric['endpoint'] ?? '', value[1]]),
  );
  assert.deepEqual(values, { phones: '2', rare: '1' });
  assert.equal((await query('openndes_threads'))[0]?.value[1], '2');
  const throttled = await query('openndes_backend_errors_total{endpoint="rare", code="throttled"}');
  assert.equal(throttled[0]?.value[1], '3');
});

test('every rule is evaluated without an error', async () => {
  type Evaluated = { name: string; health: string; lastError?: string };
  const all = async () =>
    (await ask<{ groups: { rules: Evaluated[] }[] }>('/api/v1/rules')).groups.flatMap((group) => group.rules);
  await until(async () => (await all()).every(({ health }) => health !== 'unknown'), 'the rules');
  const evaluated = await all();
  assert.deepEqual(
    evaluated.map(({ name }) => name),
    rules().map(({ alert }) => alert),
  );
  assert.deepEqual(
    evaluated.filter(({ health }) => health !== 'ok'),
    [],
  );
});

for (const args of [
  ['check', 'rules', RULES_FILE],
  ['test', 'rules', RULE_TESTS_FILE],
])
  test(`promtool ${args.slice(0, 2).join(' ')}`, () => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });

test('promtool finds nothing to complain of in the names of a scrape, beside those that are not ours', async () => {
  const text = await (await fetch(server.metricsUrl!)).text();
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { encoding: 'utf8', input: text });
  const ours = (stdout + stderr).split('\n').filter((line) => line.startsWith('openndes_'));
  assert.deepEqual(ours, []);
});
