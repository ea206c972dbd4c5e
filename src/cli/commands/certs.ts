/** `openndes certs`: what was issued. Works on the store; the server may run or not, and sees at once what changed. */
import { type Command, Option } from 'commander';
import { certificateLifecycle } from '../../core/lifecycle.ts';
import type { CertificateFilter } from '../../core/store.ts';
import type { CertificateState, StoredCertificate } from '../../core/records.ts';
import { CONFIG, wholeNumber } from '../options.ts';
import { type Output, printable, table } from '../output.ts';
import { certificatePem } from '../../app/pem.ts';
import { registerPending } from './certs-pending.ts';
import { registerRevoke } from './certs-revoke.ts';
import { canonical, known, withStore } from './certs-store.ts';

type ListOptions = {
  config: string;
  state?: CertificateState;
  subject?: string;
  endpoint?: string;
  limit: number;
  after?: string;
  json?: true;
};

const STATES: readonly CertificateState[] = ['issued', 'delivered', 'revoked'];
const MOST_ROWS = 1_000_000;

export function registerCerts(program: Command, output: Output): void {
  const { out, err } = output;
  const certs = program.command('certs').description('issued certificates, and requests that wait for one');

  certs
    .command('list')
    .description('issued certificates, newest first')
    .option(...CONFIG)
    .addOption(new Option('--state <state>', 'only these').choices(STATES))
    .option('--subject <text>', 'part of the subject')
    .option('--endpoint <path>', 'endpoint')
    .option('--limit <number>', 'how many', wholeNumber(1, MOST_ROWS), 50)
    .option('--after <serial>', 'go on after this certificate')
    .option('--json', 'one JSON array')
    .addHelpText('after', '\nExample:\n  openndes certs list --subject laptop --json')
    .action(async (options: ListOptions) => {
      const found = await withStore(options.config, (store) => store.listCertificates(filterOf(options)));
      out(options.json ? JSON.stringify(found.map(facts)) : listing(found));
    });

  certs
    .command('show')
    .description('one certificate and its history')
    .argument('<serial>', 'serial number, hexadecimal')
    .option(...CONFIG)
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  openndes certs show 5f2c01')
    .action(async (serial: string, { config, json }: { config: string; json?: true }) => {
      const { certificate, history } = await withStore(config, async (store) => ({
        certificate: await known(store, serial, err),
        history: await store.listAudit({ serial: canonical(serial) }),
      }));
      if (json) return out(JSON.stringify({ ...facts(certificate), history }));
      for (const [name, value] of Object.entries(facts(certificate))) out(`${name}: ${printable(value)}`);
      for (const { at, event, detail } of history)
        out(`${at.toISOString()}  ${event}${detail ? `  ${printable(detail)}` : ''}`);
    });

  certs
    .command('export')
    .description('one certificate as PEM')
    .argument('<serial>', 'serial number, hexadecimal')
    .option(...CONFIG)
    .addHelpText('after', '\nExample:\n  openndes certs export 5f2c01 > laptop.pem')
    .action(async (serial: string, { config }: { config: string }) => {
      const certificate = await withStore(config, (store) => known(store, serial, err));
      out(certificatePem(certificate.der).trimEnd());
    });

  registerRevoke(certs, output);
  registerPending(certs, output);
}

const filterOf = ({ state, subject, endpoint, limit, after }: ListOptions): CertificateFilter => ({
  limit,
  ...(state && { state }),
  ...(subject && { subject }),
  ...(endpoint && { endpoint }),
  ...(after && { after: canonical(after) }),
});

const facts = (certificate: StoredCertificate): Record<string, string> => ({
  serial: certificate.serial,
  state: stateOf(certificate),
  subject: certificate.subject,
  issuer: certificate.issuer,
  thumbprint: certificate.thumbprint,
  endpoint: certificate.endpoint,
  transactionId: certificate.transactionId,
  notBefore: certificate.notBefore.toISOString(),
  notAfter: certificate.notAfter.toISOString(),
  issuedAt: certificate.issuedAt.toISOString(),
  ...(certificate.deliveredAt && { deliveredAt: certificate.deliveredAt.toISOString() }),
  ...(certificate.revokedAt && { revokedAt: certificate.revokedAt.toISOString() }),
  ...(certificate.revocationReason && { revocationReason: certificate.revocationReason }),
});

const stateOf = (certificate: StoredCertificate): string => certificateLifecycle(certificate).shown;

const listing = (certificates: readonly StoredCertificate[]): string =>
  table([
    ['SERIAL', 'STATE', 'ISSUED', 'EXPIRES', 'SUBJECT'],
    ...certificates.map((certificate) => [
      certificate.serial,
      stateOf(certificate),
      certificate.issuedAt.toISOString().slice(0, 19),
      certificate.notAfter.toISOString().slice(0, 10),
      certificate.subject,
    ]),
  ]);
