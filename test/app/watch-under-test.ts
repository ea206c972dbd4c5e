/** A running server whose clock is moved by hand, and whose jobs look often. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type StartOptions, startServer } from '../../src/app/configured-server.ts';
import { createRa } from '../../src/ca/create.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey, keyFromPem, privateKeyPem } from '../../src/keys/software.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { newRsaKey } from '../kit/keys.ts';

export const DAY = 86_400_000;
export const context = { fetch, clock: systemClock, random: systemRandom };

/** The time of the system, moved forward by hand. */
export function movedClock() {
  let ahead = 0;
  const clock = (): Date => new Date(systemClock().getTime() + ahead);
  return { clock, forward: (days: number) => void (ahead += days * DAY) };
}

export const withAdmin = (config: string): string => `admin: { port: 0, token: a-token-of-more-than-16 }\n${config}`;

export async function running(t: TestContext, config: string, options: StartOptions = {}) {
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 20, ...options });
  t.after(() => server.close());
  const url = server.urls[0]!;
  const admin = server.adminUrl ?? assert.fail('no administrators');
  const origin = new URL(url).origin;
  const ready = async (at: string) => {
    const response = await fetch(`${at}/readyz`);
    return { status: response.status, body: (await response.json()) as Record<string, Record<string, string>> };
  };
  const page = async (at: string) => (await fetch(at)).text();
  return { url, origin, admin, ready, page, reload: () => server.reload() };
}

export const thumbprintOf = (der: Uint8Array | undefined): string => new X509Certificate(der!).fingerprint;
export const device = (challenge: string) => ({ key: newRsaKey(), subject: nameFromText('CN=device'), challenge });

/** Puts an RA that has this many days left into a folder below `certs`. Returns its certificate, DER. */
export async function raOfDays(folder: string, days: number, below = '.'): Promise<Uint8Array> {
  const at = (name: string): string => join(folder, 'certs', name);
  const ca = {
    certificate: new Uint8Array(new X509Certificate(readFileSync(at('issuing-ca.pem'))).raw),
    key: keyFromPem(readFileSync(at('issuing-ca.key.pem'), 'utf8'), 'the CA'),
  };
  const key = generateKey('rsa-2048');
  const validity = days * DAY;
  const plan = { subject: 'CN=Earlier RA', key, validity, backdate: 0, clock: systemClock, random: systemRandom };
  const ra = await createRa(plan, ca, 'both');
  writeFileSync(at(`${below}/ra.pem`), certificatePem(ra));
  writeFileSync(at(`${below}/ra.key.pem`), privateKeyPem(key.privateKey), { mode: 0o600 });
  return ra;
}
