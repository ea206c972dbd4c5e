/** The OCSP responders of a configuration, with their signers. */
import type { AuthorityConfig } from '../config/authorities.ts';
import type { Clock } from '../core/environment.ts';
import { defined } from '../core/defined.ts';
import type { Emit } from '../core/events.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Store } from '../core/store.ts';
import type { Watched } from '../core/watched.ts';
import { type OcspResponder, ocspResponder } from '../ocsp/ocsp-responder.ts';
import { watchedCertificate } from '../pkix/watched-certificates.ts';
import type { KeyedAuthority } from './loaded-authority.ts';
import { signerPlace } from './ocsp-signer-place.ts';
import { renewSigners, type SignerKeeper, signerKeeper, signerKind } from './ocsp-signers.ts';
import type { Settings } from './settings.ts';

/** By the name of their authority. `watched`: the certificates of their signers. `signers`: those of one authority, DER. */
export type ServedOcsp = {
  responders: ReadonlyMap<string, OcspResponder>;
  watched: () => Watched[];
  signers: (authority: string) => Uint8Array[];
  close: () => Promise<void>;
};

type Services = { store: Store; emit: Emit; clock: Clock };
type Served = {
  name: string;
  authority: KeyedAuthority;
  config: AuthorityConfig;
  ocsp: NonNullable<AuthorityConfig['ocsp']>;
};
type NamedKeeper = SignerKeeper & { name: string };

/** Every signer that can be had is there when this resolves. */
export async function ocspResponders(settings: Settings, services: Services): Promise<ServedOcsp> {
  const responders = new Map<string, OcspResponder>();
  const keepers: NamedKeeper[] = [];
  for (const served of servedBy(settings)) {
    const { store, clock } = services;
    const {
      ocsp: { validity, maxAge, nonIssued },
    } = served;
    const cas = casOf(served).map((ca) => {
      const keeper = keeperOf(served, ca, { ...services, isShared: isShared(settings) });
      keepers.push({ ...keeper, name: served.name });
      return { certificate: ca.certificate, signer: keeper.current };
    });
    responders.set(served.name, ocspResponder({ cas, store, validity, maxAge, nonIssued, clock }));
  }
  await Promise.all(keepers.map(({ renew }) => renew()));
  const signers = (authority: string) =>
    keepers.flatMap(({ name, current }) => (name === authority ? (current()?.certificate ?? []) : []));
  return { responders, watched: () => keepers.flatMap(watchedSigner), signers, close: renewSigners(keepers) };
}

const servedBy = ({ config, authorities }: Settings): Served[] =>
  [...authorities.values()].flatMap(({ name, authority }) => {
    const own = config.authorities[name];
    const { key } = authority;
    return own?.ocsp && key ? [{ name, authority: { ...authority, key }, config: own, ocsp: own.ocsp }] : [];
  });

const isShared = ({ config: { store } }: Settings): boolean =>
  store.kind === 'postgres' && store.secretsKeys !== undefined;

type SigningCa = { certificate: Uint8Array; key: KeyProvider; chainEnd?: Date; passphrase?: string };

/** Each with the passphrase of its key, which protects that of its signer too. */
const casOf = ({ authority: { certificate, key, chainEnd, previous }, config }: Served): SigningCa[] => [
  { certificate, key, chainEnd, ...defined({ passphrase: config.passphrase }) },
  ...previous.map((ca, index) => ({ ...ca, ...defined({ passphrase: config.previous?.[index]?.passphrase }) })),
];

function keeperOf(
  { name, config, ocsp }: Served,
  { passphrase, ...ca }: SigningCa,
  { isShared, ...services }: Services & { isShared: boolean },
): SignerKeeper {
  const at = { path: config.certificate, ca: ca.certificate, passphrase };
  const place = signerPlace(at, isShared ? { authority: name, store: services.store } : undefined);
  return signerKeeper({ authority: name, ca, kind: signerKind(ocsp.signer, ca.key), place }, services);
}

function watchedSigner({ name, current }: NamedKeeper): Watched[] {
  const signer = current();
  if (!signer) return [];
  return [{ ...watchedCertificate(`authority ${name}: OCSP signer`, signer.certificate), automatic: true, leaf: true }];
}
