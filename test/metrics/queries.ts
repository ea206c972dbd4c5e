/** The queries of the dashboard and of the rules, and the metrics that they name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');
export const RULES_FILE = join(ROOT, 'deploy', 'prometheus', 'alerts.yaml');
export const RULE_TESTS_FILE = join(import.meta.dirname, 'alerts.promtool.yaml');
export const ALERTS_PAGE = join(ROOT, 'docs', 'alerts.md');

export type Rule = { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> };
export const rules = (): Rule[] =>
  (parse(readFileSync(RULES_FILE, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

export type Panel = { id: number; type: string; title: string; targets?: { expr: string }[] };
export const panels = (): Panel[] =>
  (JSON.parse(readFileSync(join(ROOT, 'deploy', 'grafana', 'openndes.json'), 'utf8')) as { panels: Panel[] }).panels;

/** Each query of each panel that has one, with the title of its panel. */
export const panelQueries = (): { title: string; expr: string }[] =>
  panels().flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** As Grafana sends it: the variables are replaced. */
export const asSent = (expr: string): string =>
  expr
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$__interval', '30s')
    .replaceAll(/\$(instance|endpoint)/g, '.*');

/** The metrics that a query names, without the suffixes of histograms. */
export const metricsIn = (expr: string): string[] => [
  ...new Set(
    [...expr.matchAll(/\b(?:openndes|x509|process|nodejs)_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    ),
  ),
];
