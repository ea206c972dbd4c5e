/** Keeps the secrets of the configuration out of everything that `doctor` writes. */
import { readRedacted } from '../../app/configuration-file.ts';
import type { RedactedConfig } from '../../config/redacted.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ProbeFinding } from './doctor-probe.ts';

/** Shorter texts would be found in every sentence. */
const SHORTEST = 4;
const WITHHELD = '[withheld]';

/** Of a file without syntax nothing is shown: what of it is a secret is not known. */
export function redactedOrReason(config: string): RedactedConfig {
  try {
    return readRedacted(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { values: 'The configuration cannot be read; see the report.', secrets: [] };
  }
}

/** Something that was asked may repeat in its words what it was sent, such as a policy module its options. */
export function withoutSecrets(findings: readonly ProbeFinding[], secrets: readonly string[]): ProbeFinding[] {
  // The longest first: one can be the beginning of another.
  const forms = secrets
    .filter(({ length }) => length >= SHORTEST)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .toSorted((a, b) => b.length - a.length);
  const clean = (text: string): string => forms.reduce((rest, form) => rest.replaceAll(form, WITHHELD), text);
  return findings.map(({ remedy, ...finding }) => ({
    ...finding,
    title: clean(finding.title),
    text: clean(finding.text),
    details: finding.details.map(clean),
    ...(remedy !== undefined && { remedy: clean(remedy) }),
  }));
}
