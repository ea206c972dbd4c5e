/** An archive for a support case: the report, the configuration, what the store knows and the end of the log, without any secret. */
import { closeSync, lstatSync, openSync } from 'node:fs';
import { arch, release, totalmem, type } from 'node:os';
import { writing } from '../../app/files.ts';
import { addToArchive, endArchive } from '../../app/tar.ts';
import { ConfigError } from '../../core/errors.ts';
import type { InstallationRecords } from './installation-records.ts';
import { recordsHtml } from './records-report.ts';
import { htmlReport, jsonReport, type Report, textReport } from './report.ts';

/**
 * What goes into the archive. `configuration`: plain data without secrets. `log`: lines of the log; absent where no file was named.
 * `clean` takes the secrets of the configuration out of a text.
 */
export type BundleParts = {
  report: Report;
  configuration: unknown;
  records: InstallationRecords;
  log?: string;
  clean: (text: string) => string;
};

/** Writes the new file `path`, a tar archive of mode 0600. Throws ConfigError when it exists or cannot be written. */
export function writeBundle(path: string, { report, configuration, records, log, clean }: BundleParts): void {
  const { attempts, traces, ...overview } = records;
  const files: Readonly<Record<string, string>> = {
    'report.txt': textReport(report),
    'report.json': jsonReport(report),
    'report.html': htmlReport(report, clean(recordsHtml(records))),
    'configuration.json': jsonText(configuration),
    'overview.json': clean(jsonText(overview)),
    'traces.json': clean(jsonText(traces)),
    'attempts.json': clean(jsonText(attempts)),
    'system.json': jsonText(systemFacts(report.version)),
    ...(log !== undefined && { 'log.txt': clean(log) }),
  };
  const archive = newFile(path);
  try {
    for (const [name, text] of Object.entries(files)) {
      const content = Buffer.from(`${text}\n`);
      addToArchive(archive, { name: `openndes-doctor/${name}`, size: content.length, content: [content] });
    }
    endArchive(archive);
  } finally {
    closeSync(archive);
  }
}

const jsonText = (value: unknown): string => JSON.stringify(value, undefined, 2);

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
    throw (cause as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(path, cause) : cause;
  }
}

const alreadyThere = (path: string, cause?: unknown): ConfigError =>
  new ConfigError(`${path} is already there`, 'Give the name of a new file; nothing was changed.', { cause });

/** Throws ConfigError when something is there, a link that leads nowhere too. */
export function assertNew(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) throw alreadyThere(path);
}
