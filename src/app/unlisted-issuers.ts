/** Issuers whose certificates are on no revocation list, because no authority has their key. */
import type { Config } from '../config/schema.ts';
import type { LiveIssuer } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { systemClock } from '../embed/system.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { certificatesFrom } from './certificate-files.ts';
import { recorded } from './configured-store.ts';
import { readTrustedFile } from './files.ts';

/** Such an issuer. `place`: where the configuration can name it again, for a message. */
export type UnlistedIssuer = LiveIssuer & { place: string };

/** As `unlistedIssuers`, of the store of this configuration. */
export const recordedUnlisted = (config: Pick<Config, 'store' | 'authorities'>): Promise<UnlistedIssuer[]> =>
  recorded(config, (store) => unlistedIssuers(config, store));

/**
 * Issuers of certificates that have not ended, of which this configuration had the key once and has it no more: they are
 * on no list. Throws ConfigError when the certificate of a CA cannot be read.
 */
export async function unlistedIssuers(
  { authorities }: Pick<Config, 'authorities'>,
  store: Pick<Store, 'liveIssuers'>,
): Promise<UnlistedIssuer[]> {
  const paths = Object.values(authorities).flatMap(({ certificate, previous = [] }) => [
    certificate,
    ...previous.map((each) => each.certificate),
  ]);
  const held = paths.map(
    (path) => issuerIdentity(certificatesFrom(readTrustedFile(path, 'a CA certificate'), path)[0]).issuerId,
  );
  const live = await store.liveIssuers(systemClock());
  return live.flatMap((issuer) =>
    issuer.authority === undefined || held.includes(issuer.issuerId)
      ? []
      : [{ ...issuer, place: placeOf(issuer.authority, Object.keys(authorities)) }],
  );
}

/** An authority that has another name today is no place; `list` then keeps the URL that is in the certificates. */
const placeOf = (name: string, authorities: readonly string[]): string =>
  authorities.includes(name)
    ? `\`authorities.${name}.previous\``
    : `\`authorities.${authorities[0]}.previous\`, with \`list: ${name}\``;
