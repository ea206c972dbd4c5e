/** CAs that an authority had before: their keys sign revocation lists only, until the last certificate has ended. */
import { readCaCertificate } from '../ca/ca-certificate.ts';
import type { AuthorityConfig } from '../config/authorities.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Store } from '../core/store.ts';
import { revocationList } from '../embed/revocation-list-of.ts';
import type { Weakness } from '../config/yaml/problems.ts';
import { systemClock } from '../embed/system.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { maySignCrl } from '../revocation/certificate-list.ts';
import type { RevocationList, RevocationListOptions } from '../revocation/revocation-list.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readTrustedFile } from './files.ts';
import type { KeyRing } from './key-ring.ts';

type PreviousConfig = NonNullable<AuthorityConfig['previous']>[number];

/** `list`: the name of its list in the configuration, if it has one. `key` signs its lists. */
export type PreviousCa = {
  list?: string;
  certificate: Uint8Array;
  key: KeyProvider;
  crl: (store: Store, shard?: RevocationListOptions['shard']) => RevocationList;
};

/** Throws ConfigError when certificate and key do not belong together, or may not sign lists. */
export async function loadPrevious(
  { certificate: path, key: uri, passphrase, list }: PreviousConfig,
  validity: number,
  open: KeyRing['open'],
): Promise<PreviousCa> {
  const [certificate] = certificatesFrom(readTrustedFile(path, 'a previous CA certificate'), path);
  const key = await open({ uri, what: 'the key of a previous CA', ...defined({ passphrase }) });
  assertSignsLists(certificate, key, path);
  const issuer = { certificate, key };
  return {
    ...issuer,
    crl: (store, shard) => revocationList({ issuer, store, validity, ...defined({ shard }) }),
    ...defined({ list }),
  };
}

/** One that has ended still signs, and does not stop a server: what it issued has ended too. */
function assertSignsLists(certificate: Uint8Array, key: KeyProvider, path: string): void {
  const { view, text, publicKey } = readCaCertificate(
    certificate,
    readValidity(readCertificate(certificate)).notBefore,
  );
  if (!readPublicKey(key.spki).key.equals(publicKey.key))
    throw new ConfigError(`${text}: the key is not the key of this certificate`, 'Give the key that belongs to it.');
  if (!maySignCrl(view))
    throw new ConfigError(`${path}: this CA may not sign revocation lists`, 'Its keyUsage must have cRLSign.');
}

/** A warning for a CA that has ended: nothing that it issued is valid, so nothing asks for its list. */
export function endedPrevious({ certificate }: PreviousCa): Weakness | undefined {
  const view = readCertificate(certificate);
  const { notAfter } = readValidity(view);
  if (notAfter > systemClock()) return undefined;
  return {
    what: `the previous CA ${nameText(view.subject)} ended at ${notAfter.toISOString()}, and its key is needed no more`,
    remedy: 'Remove its entry and its key.',
  };
}
