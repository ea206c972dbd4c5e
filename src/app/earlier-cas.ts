/** CAs of before, whose certificates may renew at an endpoint: their certificates, and where their lists come from. */
import { readFile as readLater } from 'node:fs/promises';
import { type CaCertificate, readCaCertificate } from '../ca/ca-certificate.ts';
import type { EarlierCaConfig } from '../config/endpoints.ts';
import type { Attempt, KeyPath } from '../config/yaml/problems.ts';
import { equalBytes } from '../core/bytes.ts';
import type { EarlierCa } from '../core/earlier-ca.ts';
import { ConfigError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import { systemClock } from '../embed/system.ts';
import { download } from '../outbound/download.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { earlierList } from '../revocation/earlier-list.ts';
import { LONGEST_LIST, readList } from '../revocation/read-list.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readTrustedFile } from './files.ts';
import type { Warn } from './loaded-authority.ts';

/** Where a list comes from: its absolute path, or a URL. */
type ListSource = NonNullable<EarlierCaConfig['crl']>;

/** An earlier CA, and where its revocation list is, if it has one. */
export type LoadedEarlierCa = { ca: CaCertificate; crl?: ListSource };

/** `at` is the key of the list; `present` the certificate of the CA that issues at the endpoint, DER. */
export type EarlierCaTools = { attempt: Attempt; warn: Warn; at: KeyPath; present: Uint8Array };

/** Those that can be used. A list that cannot be used is a warning: the certificates of its CA then renew nothing. */
export async function loadEarlierCas(
  configs: readonly EarlierCaConfig[],
  { attempt, warn, at, present }: EarlierCaTools,
): Promise<LoadedEarlierCa[]> {
  const loaded: LoadedEarlierCa[] = [];
  for (const [index, { certificate: path, crl }] of configs.entries()) {
    const key = [...at, index];
    const ca = await attempt(key, () => readEarlierCa(path, present));
    if (!ca) continue;
    const weakness = await weaknessOf({ ca, ...(crl && { crl }) });
    if (weakness) warn(key, weakness);
    loaded.push({ ca, ...(crl && { crl }) });
  }
  return loaded;
}

function readEarlierCa(path: string, present: Uint8Array): CaCertificate {
  const [certificate, ...others] = certificatesFrom(readTrustedFile(path, 'an earlier CA certificate'), path);
  if (others.length > 0)
    throw new ConfigError(`${path}: ${others.length + 1} certificates`, 'Give each earlier CA a file of its own.');
  // One that has ended is a CA as well.
  const ca = readCaCertificate(certificate, readValidity(readCertificate(certificate)).notBefore);
  if (equalBytes(certificate, present) || issuerIdentity(certificate).issuerId === issuerIdentity(present).issuerId)
    throw new ConfigError(
      `${ca.text}: this is the present CA of the endpoint`,
      'Remove it: certificates of this server renew by their records.',
    );
  return ca;
}

async function weaknessOf({ ca, crl }: LoadedEarlierCa): Promise<{ what: string; remedy: string } | undefined> {
  const ended = ca.notAfter < systemClock();
  if (ended)
    return {
      what: `${ca.text} ended at ${ca.notAfter.toISOString()}, so none of its certificates renews any more`,
      remedy: 'Remove it.',
    };
  if (!crl)
    return {
      what: `${ca.text} has no revocation list here, so a certificate that it revoked still renews`,
      remedy: 'Write it as `{ certificate: FILE, crl: FILE_OR_URL }`.',
    };
  if (!('path' in crl)) return undefined;
  try {
    const { nextUpdate } = await readList(readTrustedFile(crl.path, 'the list of an earlier CA'), ca);
    if (nextUpdate > systemClock()) return undefined;
    throw new Error(`it ended at ${nextUpdate.toISOString()}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      what: `${crl.path}: no valid revocation list of ${ca.text}, so its certificates renew nothing: ${why}`,
      remedy: 'Copy the current list of that CA to this path.',
    };
  }
}

/** Milliseconds for one download. Requests wait for it when there is no valid list. */
const DOWNLOAD = 10_000;

const octetsOf = (crl: ListSource): Promise<Uint8Array> =>
  'path' in crl ? readLater(crl.path) : download({ url: crl.url, limit: LONGEST_LIST, timeoutMs: DOWNLOAD });

/** As an endpoint takes it: the list is read when a certificate of the CA signs a request. */
export function earlierCa({ ca, crl }: LoadedEarlierCa, emit: Emit): EarlierCa {
  if (!crl) return { certificate: ca.der };
  const list = 'path' in crl ? crl.path : crl.url;
  const failed = (err: unknown): void => emit({ event: 'earlier-ca-list-failed', earlierCa: ca.text, list, err });
  return {
    certificate: ca.der,
    isRevoked: earlierList({ ca, fetch: () => octetsOf(crl), clock: systemClock, failed }),
  };
}
