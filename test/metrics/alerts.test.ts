/** The rules and the dashboard name metrics that exist, and each rule has its runbook and its two tests. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { METRICS } from '../../src/metrics/metric-table.ts';
import { ALERTS_PAGE, metricsIn, panelQueries, panels, rules, RULE_TESTS_FILE } from './queries.ts';

const names = rules().map(({ alert }) => alert);

test('docs/alerts.md has a section for each rule and no other, in the same order, and the rule links to it', () => {
  const sections = [...readFileSync(ALERTS_PAGE, 'utf8').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections, names);
  for (const { alert, annotations, labels } of rules()) {
    assert.equal(annotations['runbook_url'], `docs/alerts.md#${alert.toLowerCase()}`);
    assert.ok(annotations['summary']);
    assert.ok(['critical', 'warning'].includes(labels.severity));
  }
});

test('each section says what it means, what to look at and what to do', () => {
  for (const section of readFileSync(ALERTS_PAGE, 'utf8').split(/^## /m).slice(1))
    assert.match(section, /\*\*Means\.\*\*[^]*\*\*Look at\.\*\*[^]*\*\*Do\.\*\*/, section.slice(0, 30));
});

test('each rule has a test in which it fires and one in which it stays silent', () => {
  type Case = { name: string; alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] };
  const { tests } = parse(readFileSync(RULE_TESTS_FILE, 'utf8')) as { tests: Case[] };
  const outcomes = tests.map(({ alert_rule_test: [only] }) => [only!.alertname, only!.exp_alerts.length > 0]);
  assert.deepEqual(
    outcomes,
    names.flatMap((name) => [
      [name, true],
      [name, false],
    ]),
  );
});

const isKnown = (name: string): boolean => Object.hasOwn(METRICS, name) || /^(process|nodejs)_/.test(name);

test('every metric in the rules and panels is one that the server exposes', () => {
  const exprs = [...rules(), ...panelQueries()].map(({ expr }) => expr);
  const unknown = exprs.flatMap(metricsIn).filter((name) => !isKnown(name));
  assert.deepEqual(unknown, []);
  assert.ok(exprs.length > 50);
});

test('the dashboard has its rows, and each panel an id and a title of its own', () => {
  const rows = panels().filter(({ type }) => type === 'row');
  assert.deepEqual(
    rows.map(({ title }) => title),
    ['Is all well?', 'Enrolments', 'Refusals by cause', 'Latency', 'Intune', 'Authorities and lists', 'Process'],
  );
  for (const key of ['id', 'title'] as const)
    assert.equal(new Set(panels().map((each) => each[key])).size, panels().length);
});
