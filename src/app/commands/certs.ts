/** `openndes certs`: what was issued. Reads the store; the server may run or not. */
import type { Command } from 'commander';
import type { CertificateFilter, CertificateState, Store, StoredCertificate } from '../../core/store.ts';
import { EXIT, Exit } from '../exit.ts';
import { type Output, table } from '../output.ts';
import { certificatePem } from '../pem.ts';
import { openConfiguredStore } from '../settings.ts';

type ListOptions = {
  config: string;
  state?: CertificateState;
  subject?: string;
  endpoint?: string;
  limit: string;
  after?: string;
  json?: true;
};

const CONFIG = ['--config <file>', 'configuration', 'openndes.yaml'] as const;

export function registerCerts(program: Command, { out, err }: Output): void {
  const certs = program.command('certs').description('list, show and export issued certificates');

  certs
    .command('list')
    .description('issued certificates, newest first')
    .option(...CONFIG)
    .option('--state <state>', 'issued, delivered or revoked')
    .option('--subject <text>', 'part of the subject')
    .option('--endpoint <path>', 'endpoint')
    .option('--limit <number>', 'how many', '50')
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
      for (const [name, value] of Object.entries(facts(certificate))) out(`${name}: ${value}`);
      for (const { at, event, detail } of history) out(`${at.toISOString()}  ${event}${detail ? `  ${detail}` : ''}`);
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
}

async function withStore<T>(config: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openConfiguredStore(config);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** People paste serials with colons, in capitals and with leading zeros. */
const canonical = (serial: string): string =>
  serial
    .replace(/[:\s]|^0x/gi, '')
    .toLowerCase()
    .replace(/^(00)+(?=..)/, '');

async function known(store: Store, serial: string, err: Output['err']): Promise<StoredCertificate> {
  const certificate = await store.findCertificate(canonical(serial));
  if (certificate) return certificate;
  err(`no certificate with serial ${canonical(serial).slice(0, 64)}`);
  throw new Exit(EXIT.failed);
}

const filterOf = ({ state, subject, endpoint, limit, after }: ListOptions): CertificateFilter => ({
  limit: Number(limit),
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

const stateOf = ({ state, deliveredAt }: StoredCertificate): string =>
  state === 'revoked' && !deliveredAt ? 'revoked (never delivered)' : state;

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
