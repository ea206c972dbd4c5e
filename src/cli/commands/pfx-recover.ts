/** `openndes pfx escrow` and `pfx recover`: what is kept of a key of a person, and how several recovery officers open it. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readTextFile } from '../../app/files.ts';
import { writeTogether } from '../../app/new-files.ts';
import { openExistingStore } from '../../app/configured-store.ts';
import { openedEscrow } from '../../app/opened-escrow.ts';
import { systemClock } from '../../embed/system.ts';
import { ConfigError } from '../../core/errors.ts';
import type { AuditEntry, CertificateId } from '../../core/records.ts';
import type { Store } from '../../core/store.ts';
import { auditEntry, type Management } from '../../manage/administrator.ts';
import { type Escrow, escrowText, readEscrow } from '../../pfx/escrow-text.ts';
import { commandLineUser } from '../command-line-user.ts';
import { collect, CONFIG, example } from '../options.ts';
import { type Output, printable } from '../output.ts';
import { withStore } from './certs-store.ts';

/** Registers both below `pfx`. */
export function registerPfxRecover(pfx: Command, output: Output): void {
  registerEscrow(pfx, output);
  pfx
    .command('recover')
    .description(
      'open a key in escrow with the keys of several recovery officers: writes the PKCS#12 file and prints its password',
    )
    .argument('<key>', 'the id of the key, or a file that `pfx escrow` wrote')
    .argument('<file>', 'the PKCS#12 file to write; nothing is replaced')
    .option(
      '--key <uri>',
      'the private key of an officer, PEM or `pkcs11:…`, once for each; its passphrase is asked for',
      collect,
      [],
    )
    .option('--unrecorded', 'there is no store on this machine: no history says that the key was opened')
    .option(...CONFIG)
    .addHelpText(
      ...example('openndes pfx recover 7f3a… jane.p12 --key alice.key --key "pkcs11:token=bob;object=recovery"'),
    )
    .action((key: string, file: string, options: RecoverOptions) => recover({ key, file }, options, output));
}

type RecoverOptions = { config: string; key: string[]; unrecorded?: true };
type Kept = { escrow: Escrow; certificate?: CertificateId };
type Recorder = Management<Pick<Store, 'addEntry' | 'findUserKey'>>;

async function recover(what: { key: string; file: string }, options: RecoverOptions, output: Output): Promise<void> {
  if (existsSync(what.file)) throw new ConfigError(`${what.file} is already there`, 'Choose another name.');
  if (options.unrecorded) return opened(what, options, { output });
  const store = await openExistingStore(options.config, noHistory);
  try {
    const management = { store, clock: systemClock, ...commandLineUser() };
    await opened(what, options, { output, management });
  } finally {
    await store.close();
  }
}

const noHistory = (path: string): never => {
  throw new ConfigError(
    `there is no store at ${path}, so no history would say that the key was opened`,
    'Run it where the store is, or with --unrecorded on a machine of the officers.',
  );
};

/** What was opened is given out only after the history has it. */
async function opened(
  { key, file }: { key: string; file: string },
  options: RecoverOptions,
  { output, management }: { output: Output; management?: Recorder },
): Promise<void> {
  const { escrow, certificate } = await keptAs(key, management);
  const { pfx, officers } = await openedEscrow(escrow, options.key);
  await management?.store.addEntry(entryOf(management, { escrow, ...(certificate && { certificate }) }, officers));
  writeTogether([{ path: file, content: pfx.file, secret: true }]);
  output.err(`wrote ${file}, opened by ${officers.map(printable).join(' and ')}. Its password, which is shown once:`);
  output.out(pfx.password);
}

const entryOf = (management: Recorder, { escrow, certificate }: Kept, officers: readonly string[]): AuditEntry =>
  auditEntry(management, {
    event: 'key-recovered',
    endpoint: '',
    transactionId: '',
    ...certificate,
    detail: `SHA-256 ${escrow.thumbprint}, by ${officers.join(', ')}`,
  });

async function keptAs(key: string, management: Recorder | undefined): Promise<Kept> {
  if (existsSync(key)) return { escrow: readEscrow(readTextFile(key, 'a key in escrow'), key) };
  const found = await management?.store.findUserKey(key);
  if (found?.escrow === undefined)
    throw new ConfigError(
      `${key}: ${found ? 'nothing of this key is in escrow' : 'no key has this id, and there is no such file'}`,
      'Give the id of a key for encryption, or the file that `openndes pfx escrow` wrote.',
    );
  return { escrow: readEscrow(found.escrow, key), ...(found.certificate && { certificate: found.certificate }) };
}

function registerEscrow(pfx: Command, output: Output): void {
  pfx
    .command('escrow')
    .description('print what is in escrow of a key, for recovery officers on another machine: it is sealed to them')
    .argument('<key>', 'the id of the key')
    .option(...CONFIG)
    .addHelpText(...example('openndes pfx escrow 7f3a… > jane.escrow'))
    .action((key: string, { config }: { config: string }) =>
      withStore(config, output, async (management) => output.out(escrowText((await keptAs(key, management)).escrow))),
    );
}
