/** A desk with four certificates: the odd ones of `/a`, the even ones of `/b`; the fourth is of another CA. */
import type { Caller, Desk } from '../../src/actions/action.ts';
import { perform } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { hash } from 'node:crypto';
import type { CertificateId } from '../../src/core/records.ts';
import type { Issuance } from '../../src/core/store.ts';
import { readCertificate, thumbprint } from '../../src/pkix/certificate.ts';
import { keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { publicKeyHash } from '../../src/pkix/public-key.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { certificateFor, client } from '../kit/pki.ts';
import { desk } from './desk.ts';

const { spki } = readCertificate(client.certificate);

/** The issuer id of the fourth. */
export const OTHER_ISSUER = 'b'.repeat(64);

/** The nth sample with a real certificate: its serial number is n, its subject that of the sample. */
async function issued(n: number, endpoint: string): Promise<Issuance> {
  const sample = issuanceFor(n);
  const der = await certificateFor(spki, {
    serialNumber: Buffer.of(0x10, n),
    subject: nameFromText(sample.certificate.subject),
    extensions: [keyUsage(['digitalSignature'])],
  });
  const named = { serial: `100${n}`, endpoint, ...(n === 4 && { issuerId: OTHER_ISSUER, issuer: 'CN=Other' }) };
  const certificate = {
    ...sample.certificate,
    ...named,
    der,
    thumbprint: thumbprint(der),
    thumbprintSha256: hash('sha256', der, 'hex'),
    publicKeyHash: publicKeyHash(spki),
  };
  const { issuerId, serial } = certificate;
  const transaction = { ...sample.transaction, endpoint };
  return { ...sample, transaction, certificate, audit: { ...sample.audit, endpoint, issuerId, serial } };
}

/** Records the nth sample at this endpoint, as the renewal of another certificate. */
export async function recordRenewal(on: Desk, n: number, { endpoint, of }: { endpoint: string; of: CertificateId }) {
  const sample = await issued(n, endpoint);
  await on.store.recordIssued({ ...sample, certificate: { ...sample.certificate, renews: of } });
}

export async function deskWithCertificates(): Promise<Desk> {
  const on = await desk();
  for (let n = 1; n <= 4; n++) await on.store.recordIssued(await issued(n, n % 2 === 0 ? '/b' : '/a'));
  await on.store.registerIssuer({
    issuerId: OTHER_ISSUER,
    name: 'CN=Other',
    nameDer: new Uint8Array(2),
    authority: 'other',
  });
  return on;
}

export const ada = (...grants: RoleGrant[]): Caller => ({
  actor: { kind: 'person', name: 'ada', address: '192.0.2.1' },
  source: 'page',
  grants,
});

/** The output, as its schema says it. */
export async function run<O = Record<string, never>>(
  name: string,
  { on, grant, sent = {} }: { on: Desk; grant: RoleGrant; sent?: object },
): Promise<O> {
  const action = actionNamed(name);
  const performed = await perform(action, { desk: on, caller: ada(grant), sent });
  if (performed.kind !== 'done') throw new Error('it waits for a second person');
  return action.output.parse(performed.output) as O;
}
