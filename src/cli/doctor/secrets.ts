/** Keeps the secrets of the configuration out of everything that `doctor` writes. */
import { inspect } from 'node:util';
import { readRedacted } from '../../app/configuration-file.ts';
import type { RedactedConfig } from '../../config/redacted.ts';
import { ConfigError } from '../../core/errors.ts';

/** Shorter texts would be found in every sentence. */
const SHORTEST = 4;
const SHORTEST_LINE = 12;
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

/**
 * Takes the secrets out of a text. Something that was asked may repeat in its words what it was sent, such as a policy module
 * its options. The text must be whole: part of a secret is not found.
 */
export function withoutSecrets(secrets: readonly string[]): (text: string) => string {
  // The longest first: one can be the beginning of another.
  const forms = [...new Set(secrets.flatMap(partsOf).flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, WITHHELD), text);
}

/** A message may have the lines of a secret, such as a private key, in lines of its own. */
const partsOf = (secret: string): string[] => [
  ...(secret.length >= SHORTEST ? [secret] : []),
  ...secret.split('\n').filter(({ length }) => length >= SHORTEST_LINE),
];

/** As a URL, JSON and Node.js write it. */
const formsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret.toWellFormed()),
  JSON.stringify(secret).slice(1, -1),
  inspect(secret).slice(1, -1),
];
