/** `openndes certs revoke`. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { asksSecond } from '../../actions/lone-revocations.ts';
import type { StoredCertificate } from '../../core/records.ts';
import type { Store } from '../../core/store.ts';
import type { Management } from '../../manage/administrator.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../core/issuer.ts';
import {
  findCertificates,
  type NamedCertificates,
  type Revoked,
  revokeCertificates,
  withRenewalsOf,
} from '../../manage/named-certificates.ts';
import { blockCertificate } from '../../manage/block-list.ts';
import { readSections } from '../../app/configuration-file.ts';
import { type UnlistedIssuer, unlistedIssuers } from '../../app/unlisted-issuers.ts';
import { names, thumbprint } from '../list-options.ts';
import { CONFIG, example } from '../options.ts';
import { counted, type Output, printable } from '../output.ts';
import { readSerial, serialsIn, type WrittenSerial } from '../serial-list.ts';
import { EXIT, Exit } from '../exit.ts';
import { asksTwo, byTwo, digestOfAll } from '../second-person.ts';
import { confirmedMatches, isFiltered, type ManyOptions, revokeEveryOf } from './certs-revoke-many.ts';
import { ambiguity, failed, withStore } from './certs-store.ts';

type RevokeOptions = ManyOptions & {
  config: string;
  reason: RevocationReason;
  withRenewals?: true;
  block?: true;
  file?: string;
  skipUnknown?: true;
};

/** Registers the command under `openndes certs`. */
export function registerRevoke(certs: Command, output: Output): void {
  certs
    .command('revoke')
    .description('revoke certificates: they are on the next revocation list, cannot be renewed and are not sent again')
    .argument('[serial...]', 'serial numbers, hexadecimal; ISSUERID/SERIAL where several issuers used one')
    .option(
      '--file <file>',
      'also those in this file: one in each line, or CSV with a column `serial`; - for standard input',
    )
    .option('--cn <prefix>', 'those that are valid and whose common name begins so')
    .option('--subject <text>', 'those that are valid and whose subject contains this')
    .option('--san <name>', 'subjectAltName: dns:, email:, upn:, uri: or ip: and the whole name; or a device id', names)
    .option('--endpoint <name>', 'those of this endpoint that are valid; with --cn and others, all must hold')
    .option('--thumbprint <hex>', 'the one with this SHA-1 or SHA-256', thumbprint)
    .option('--all-of <authority>', 'every certificate of this CA: the name of its authority, or an issuer id')
    .option(
      '--yes',
      'do not ask: without it what a filter or --all-of finds is shown, and a person types how many it is',
    )
    .option('--skip-unknown', 'revoke the others when some are not in the store; without it nothing is revoked then')
    .addOption(
      new Option('--reason <reason>', 'reason in the revocation list')
        .choices(Object.keys(REVOCATION_REASONS))
        .default('unspecified'),
    )
    .option(
      '--block',
      'also block the key, the serial number and the device ids of each (its subject when it names none): see `openndes block`',
    )
    .option('--with-renewals', 'also every certificate that renews one of them, and those that renew these')
    .option(...CONFIG)
    .addHelpText(...example('openndes certs revoke --file lost.csv --reason keyCompromise --with-renewals'))
    .action((serials: string[], options: RevokeOptions) => revoke(serials, options, output));
}

async function revoke(args: string[], given: RevokeOptions, output: Output): Promise<void> {
  const options: RevokeOptions = output.confirmed ? { ...given, yes: true } : given;
  const { config, file, reason, withRenewals = false } = options;
  const { out, err } = output;
  const isFilter = isFiltered(options);
  const kinds = [args.length > 0 || file !== undefined, isFilter, options.allOf !== undefined].filter(Boolean).length;
  if (kinds > 1)
    return failed('Nothing was revoked: name serial numbers, or a filter, or --all-of, and not two of them.', err);
  if (options.allOf !== undefined) return revokeAuthority(options, output);
  const fromFile = file === undefined ? [] : await serialsIn(file);
  const texts = isFilter ? [] : allRead([...args.map((text) => ({ text, where: 'argument' })), ...fromFile], err);
  const isOne = texts.length === 1 && file === undefined;
  const { named, result, unlisted } = await withStore(config, { err }, async (management) => {
    const named = isFilter
      ? { certificates: await confirmedMatches(management, options, err), unknown: [], ambiguous: [] }
      : await findCertificates(management, texts);
    assertKnown(named, { isOne, skipUnknown: options.skipUnknown ?? false }, err);
    const both = await revoking(management, named.certificates, options, output);
    const done: Parameters<typeof revokeCertificates>[2]['done'] = ({ serial, subject }) =>
      out(`revoked ${serial} (${printable(subject)}): ${reason}`);
    // First, so that no device gets another certificate in between, or when the command ends early.
    const first = async (each: StoredCertificate): Promise<void> => {
      for (const name of await blockCertificate(both, each)) out(`blocked ${printable(name)}`);
    };
    const result = await revokeCertificates(both, named.certificates, {
      reason,
      withRenewals,
      first: options.block && first,
      done,
    });
    if (isOne && result.revoked.length === 0)
      return failed(`the certificate with serial ${result.already[0]?.serial} is revoked already`, err);
    // After that is printed: the certificates are revoked, also when a CA certificate cannot be read.
    const authorities = readSections(config, ['authorities'], ['key', 'passphrase']);
    return { named, result, unlisted: await unlistedIssuers(authorities, management.store) };
  });
  for (const line of isOne ? [] : report(named, result)) err(line);
  for (const line of warnings(result, unlisted)) err(line);
}

async function revokeAuthority({ reason, ...options }: RevokeOptions, output: Output): Promise<void> {
  const { err } = output;
  if (reason === 'certificateHold' || options.block || options.withRenewals)
    return failed('Nothing was revoked: --all-of takes neither a hold, nor --block, nor --with-renewals.', err);
  await withStore(options.config, { err }, (management) => revokeEveryOf(management, { ...options, reason }, output));
}

/** The management that revokes them: in both names where another person confirms so many. Otherwise ends the command. */
async function revoking(
  management: Management<Store>,
  named: readonly StoredCertificate[],
  options: RevokeOptions,
  output: Output,
): Promise<Management<Store>> {
  const { config, file, withRenewals } = options;
  if (!asksTwo(config, output)) return management;
  const all = withRenewals ? await withRenewalsOf(management, named) : named;
  const number = all.filter(({ state }) => state !== 'revoked').length;
  if (!output.confirmed && !(await asksSecond(management, number))) return management;
  if (file === '-')
    return failed('Nothing was proposed: the second person has no standard input of yours. Name a file.', output.err);
  const digest = digestOfAll(all.map(({ issuerId, serial }) => `${issuerId}/${serial}`));
  return byTwo(management, { config, digest, options: { '--file': file && resolve(file) } }, output);
}

/** As `findCertificate` takes them. Ends the command with exit 1 for a text that is no serial number, and for none at all. */
function allRead(written: readonly WrittenSerial[], err: Output['err']): string[] {
  const read = written.map(({ text }) => readSerial(text));
  const wrong = written.filter((_, index) => read[index] === undefined);
  for (const { text, where } of wrong) err(`${where}: no serial number: ${printable(shown(text))}`);
  if (wrong.length > 0) return failed('Nothing was revoked. A serial number is hexadecimal.', err);
  if (written.length === 0) return failed('Name serial numbers, or a file with --file that has some.', err);
  return read.filter((each) => each !== undefined);
}

/** Ends the command with exit 1 unless each is one certificate, or may be skipped. */
function assertKnown(
  { certificates, unknown, ambiguous }: NamedCertificates,
  { isOne, skipUnknown }: { isOne: boolean; skipUnknown: boolean },
  err: Output['err'],
): void {
  for (const text of unknown) err(`no certificate with serial ${text.slice(0, 130)}`);
  for (const { text, certificates: several } of ambiguous)
    err(isOne ? ambiguity(several) : `${text}: ${ambiguity(several)}`);
  const refused = ambiguous.length > 0 || certificates.length === 0 || (unknown.length > 0 && !skipUnknown);
  if (!refused) return;
  const all = certificates.length + unknown.length + ambiguous.length;
  const hint = unknown.length > 0 && certificates.length > 0 ? ' --skip-unknown leaves out what is unknown.' : '';
  const counts = `${counted(unknown.length)} of ${counted(all)} are unknown, ${counted(ambiguous.length)} are of several issuers`;
  if (!isOne) err(`Nothing was revoked: ${counts}.${hint}`);
  throw new Exit(EXIT.failed);
}

const report = ({ unknown }: NamedCertificates, { revoked, already }: Revoked): string[] => [
  ...already.map(({ serial, subject }) => `revoked already: ${serial} (${printable(subject)})`),
  `${counted(revoked.length)} revoked, ${counted(already.length)} revoked already, ${counted(unknown.length)} unknown`,
];

/** What a revocation does not reach. */
function* warnings({ revoked, renewals }: Revoked, unlisted: readonly UnlistedIssuer[]): Iterable<string> {
  for (const { issuerId, name, place } of unlisted) {
    const number = revoked.filter((each) => each.issuerId === issuerId).length;
    if (number > 0)
      yield `${revoked.length === 1 ? 'It is' : `${counted(number)} of them are`} on no revocation list: no authority has the key of ` +
        `${printable(name)}. Here it does not renew any more, but programs that check lists still accept it. ` +
        `Name that CA under ${place}, and reload the server.`;
  }
  if (renewals.length > 0)
    yield `${counted(renewals.length)} renewals of ${revoked.length === 1 ? 'it' : 'them'} are still valid ` +
      `(${renewals.map(({ serial }) => serial).join(', ')}): ` +
      'revoke them too with --with-renewals when the key is in the wrong hands.';
}

/** Enough to find the line. The file may be another one than was meant, with a secret in it. */
const shown = (text: string): string => (text.length > 12 ? `${text.slice(0, 12)}…` : text);
