/** An archive for a support case: the report and the configuration, without any secret. */
import { closeSync, openSync } from 'node:fs';
import { arch, release, totalmem, type } from 'node:os';
import { readRedacted } from '../../app/configuration-file.ts';
import { writing } from '../../app/files.ts';
import { addToArchive, endArchive } from '../../app/tar.ts';
import type { RedactedConfig } from '../../config/redacted.ts';
import { ConfigError } from '../../core/errors.ts';
import { htmlReport, jsonReport, type Report, textReport } from './report.ts';

/** Shorter texts would be found in every sentence. */
const SHORTEST = 4;

/** Writes the new file `path`, a tar archive of mode 0600. Throws ConfigError when it exists or cannot be written. */
export function writeBundle(path: string, report: Report, config: string): void {
  const { values, secrets } = redactedOrReason(config);
  const files: Readonly<Record<string, string>> = {
    'report.txt': `${textReport(report)}\n`,
    'report.json': `${jsonReport(report)}\n`,
    'report.html': htmlReport(report),
    'configuration.json': `${JSON.stringify(values, undefined, 2)}\n`,
    'system.json': `${JSON.stringify(systemFacts(report.version), undefined, 2)}\n`,
  };
  const archive = newFile(path);
  try {
    for (const [name, text] of Object.entries(files)) {
      const content = Buffer.from(withoutSecrets(text, secrets));
      addToArchive(archive, { name: `openndes-doctor/${name}`, size: content.length, content: [content] });
    }
    endArchive(archive);
  } finally {
    closeSync(archive);
  }
}

/** A file without syntax is left out: what of it is a secret is not known. */
function redactedOrReason(config: string): RedactedConfig {
  try {
    return readRedacted(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { values: 'The configuration cannot be read; see the report.', secrets: [] };
  }
}

const systemFacts = (version: string): Record<string, string | number> => ({
  openndes: version,
  node: process.version,
  openssl: process.versions.openssl,
  system: `${type()} ${release()} ${arch()}`,
  memory: totalmem(),
});

function newFile(path: string): number {
  try {
    return writing(path, () => openSync(path, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new ConfigError(`${path} is already there`, 'Give the name of a new file; nothing was changed.', { cause });
  }
}

/** For what a message might repeat: the secret as it is, and as JSON, HTML and a URL write it. The longest first. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter(({ length }) => length >= SHORTEST).flatMap(formsOf);
  return forms
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, form) => rest.replaceAll(form, '[withheld]'), text);
}

const formsOf = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;'),
];
