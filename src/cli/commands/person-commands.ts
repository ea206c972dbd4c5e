/** `openndes person`: what the store has of one person, and its erasure. Works whether the server runs or not. */
import type { Command } from 'commander';
import type { PersonCounts, PersonRecords } from '../../core/person.ts';
import { systemRandom } from '../../embed/system.ts';
import { erasePerson, erasurePreview } from '../../manage/erase-person.ts';
import { certificateFacts } from '../../manage/certificate-facts.ts';
import { assertConfirmed } from '../confirmed.ts';
import { CONFIG, example } from '../options.ts';
import { counted, jsonText, type Output, printable } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

const NAME = ['<name>', 'a UPN, an email address or a common name, exactly, in any letter case'] as const;

/** Registers the group and its commands. */
export function registerPerson(program: Command, output: Output): void {
  const group = program
    .command('person')
    .description('what the store has of one person: to give it out, and to erase it');
  registerExport(group, output);
  registerErase(group, output);
}

function registerExport(group: Command, { out, err }: Output): void {
  group
    .command('export')
    .description(
      'certificates, requests, history, block list, one-time passwords, directory, trace and keys, as JSON lines',
    )
    .argument(...NAME)
    .option(...CONFIG)
    .addHelpText(...example('openndes person export ada@example.com > ada.jsonl'))
    .action((name: string, { config }: { config: string }) =>
      withStore(config, { err }, async ({ store, clock }) => {
        const lines = linesOf(await store.findPerson(name), clock());
        if (lines.length === 0) failed(nothingOf(name), err);
        for (const line of lines) out(jsonText(line));
      }),
    );
}

const nothingOf = (name: string): string =>
  `The store has nothing of ${printable(name)}. Names in certificates are found whole: \`openndes certs list --subject\` finds a part.`;

function linesOf(records: PersonRecords, now: Date) {
  const { certificates, requests, entries, blocks, passwords, directory, attempts, keys } = records;
  const rows: readonly [string, readonly object[]][] = [
    ['certificate', certificates.map((each) => certificateLine(each, now))],
    ['request', requests],
    ['entry', entries.map((entry) => ({ ...entry, at: new Date(entry.at) }))],
    ['block', blocks],
    ['password', passwords],
    ['attempt', attempts],
    ['key', keys],
    // Its own `kind` says whether it is a user or a device.
    ['directory', directory.map(({ kind, ...object }) => ({ of: kind, ...object }))],
  ];
  return rows.flatMap(([kind, each]) => each.map((row) => ({ kind, ...row })));
}

const certificateLine = (certificate: PersonRecords['certificates'][number], now: Date) => ({
  issuerId: certificate.issuerId,
  ...certificateFacts(certificate, now),
  ...(certificate.der.length > 0 && { der: Buffer.from(certificate.der).toString('base64') }),
});

function registerErase(group: Command, output: Output): void {
  group
    .command('erase')
    .description(
      'takes names, subjects and octets from certificates that have ended, and from the history what it says about people; first says how much',
    )
    .argument(...NAME)
    .option('--yes', 'do it without a question')
    .option(...CONFIG)
    .addHelpText(...example('openndes person erase ada@example.com --yes'))
    .action((name: string, options: { config: string; yes?: true }) => erase(name, options, output));
}

function erase(name: string, { config, yes }: { config: string; yes?: true }, { out, err }: Output): Promise<void> {
  return withStore(config, { err }, async (management) => {
    const preview = await erasurePreview(management, name, systemRandom);
    const number = total(preview.erased);
    if (number + total(preview.kept) === 0) failed(nothingOf(name), err);
    if (total(preview.kept) > 0) err(keptText(preview.kept));
    if (number === 0) failed('Nothing was erased.', err);
    err(`To be erased for good: ${countsText(preview.erased)}.`);
    await assertConfirmed(number, { yes, done: 'Nothing was erased' }, err);
    const { erased } = await erasePerson(management, name, systemRandom);
    out(`erased: ${countsText(erased)}`);
  });
}

const total = ({ certificates, requests, entries, attempts, keys }: PersonCounts): number =>
  certificates + requests + entries + attempts + keys;

const countsText = ({ certificates, requests, entries, attempts, keys }: PersonCounts): string =>
  [
    counts(certificates, 'certificate', 'certificates'),
    counts(requests, 'request', 'requests'),
    `${counts(entries, 'entry', 'entries')} of the history`,
    ...(attempts > 0 ? [`${counts(attempts, 'attempt', 'attempts')} of the trace`] : []),
    ...(keys > 0 ? [counts(keys, 'key', 'keys')] : []),
  ].join(', ');

const counts = (number: number, one: string, many: string): string => `${counted(number)} ${number === 1 ? one : many}`;

const keptText = (kept: PersonCounts): string =>
  [
    `note: kept: ${countsText(kept)}.`,
    ...(kept.certificates > 0
      ? [
          'A certificate stays until it has ended and is notified: revoke it (`certs revoke`), and erase again after its end.',
        ]
      : []),
    ...(kept.requests > kept.certificates ? ['A request that waits stays: reject it (`certs reject`).'] : []),
    ...(kept.keys > 0 ? ['A key stays while it is wanted or its certificate has not ended.'] : []),
    'What the person did as an administrator stays: docs/audit.md says why.',
  ].join(' ');
