/** `openndes certs`: what was issued. Works on the store, whether the server runs or not; the server sees changes at once. */
import type { Command } from 'commander';
import { findCertificate } from '../../manage/certificates.ts';
import { certificatePem } from '../../pkix/pem.ts';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';
import { registerImport } from './certs-import.ts';
import { registerList } from './certs-list.ts';
import { registerRelease } from './certs-release.ts';
import { registerRequests } from './certs-requests.ts';
import { registerRevoke } from './certs-revoke.ts';
import { registerShow } from './certs-show.ts';
import { failed, theCertificate, withStore } from './certs-store.ts';

/** Registers the group and all of its commands. */
export function registerCerts(program: Command, output: Output): void {
  const certs = program.command('certs').description('issued certificates, and requests that wait for one');
  for (const register of COMMANDS) register(certs, output);
}

const COMMANDS: readonly ((certs: Command, output: Output) => void)[] = [
  registerList,
  registerShow,
  registerExport,
  registerRevoke,
  registerRelease,
  registerImport,
  registerRequests,
];

function registerExport(certs: Command, { out, err }: Output): void {
  certs
    .command('export')
    .description('one certificate as PEM')
    .argument('<serial>', 'serial number, hexadecimal; ISSUERID/SERIAL where several issuers used it')
    .option(...CONFIG)
    .addHelpText(...example('openndes certs export 5f2c01 > laptop.pem'))
    .action(async (serial: string, { config }: { config: string }) => {
      const found = await withStore(config, { err }, (management) => findCertificate(management, serial));
      const { der, notAfter } = theCertificate(found, serial, err);
      if (der.length === 0) failed(withoutDer(notAfter), err);
      out(certificatePem(der).trimEnd());
    });
}

const withoutDer = (ended: Date): string =>
  `this certificate ended at ${ended.toISOString()}, and the store has removed its octets since, as \`keep.der\` says: ` +
  '`openndes certs show` still has its names, dates and history, and an older backup has the certificate';
