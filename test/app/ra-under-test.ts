/** A CA in a folder of its own, for an RA that is made for it; and which messages an RA opens. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { IssuingCa, LoadedRa } from '../../src/app/ra-certificate.ts';
import { createRoot } from '../../src/ca/create.ts';
import { generateKey } from '../../src/keys/software.ts';
import { open } from '../../src/scep/open.ts';
import { type KeyedCertificate, registrationAuthority } from '../../src/scep/registration-authority.ts';
import { keptLog } from '../kit/log.ts';
import { context, NOW, random } from '../kit/pki.ts';
import { requestMessage } from '../kit/requests.ts';

export const DAY = 86_400_000;
export const YEAR = 365 * DAY;
/** A clock that stands so many milliseconds after NOW. */
export const after = (ms: number) => (): Date => new Date(NOW.getTime() + ms);

/** A CA of ten years in a folder that goes when the test does. */
export async function authority(t: TestContext, passphrase?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-ra-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ca = async (validity = 10 * YEAR): Promise<IssuingCa> => {
    const key = generateKey('p256');
    const made = { subject: 'CN=Example CA,O=Example', key, validity, backdate: DAY, clock: after(0), random };
    const certificate = await createRoot(made);
    return { path: join(folder, 'issuing-ca.pem'), certificate, key, ...(passphrase && { passphrase }) };
  };
  const log = keptLog();
  const files = (): string[] => readdirSync(folder).toSorted();
  return { folder, ca, log, files };
}

export const thumbprints = (all: readonly KeyedCertificate[]): string[] =>
  all.map(({ certificate }) => new X509Certificate(certificate).fingerprint).toSorted();

export const registration = ({ retired, signer, ...current }: LoadedRa) =>
  registrationAuthority(current, retired, signer);

/** Whether a message that a client encrypts to this certificate is opened. */
export async function opens(ra: LoadedRa, to: KeyedCertificate): Promise<boolean> {
  const message = await requestMessage({ recipient: to.certificate });
  return (await open(message, context({}, registration(ra)))).kind === 'request';
}
