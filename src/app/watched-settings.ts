/** What of a configuration begins and ends: its CAs, RAs, earlier CAs, and the certificate of its listener. */
import type { Watched } from '../core/watched.ts';
import { thumbprint } from '../pkix/certificate.ts';
import { watchedCertificate, watchedChain } from '../pkix/watched-certificates.ts';
import { identityEnd } from './ca-identity.ts';
import { certificatesFrom } from './certificate-files.ts';
import type { RaKeeper } from './ra-keeper.ts';
import type { ListenConfig } from '../config/listen.ts';
import type { Settings } from './settings.ts';

/** A keeper, and the name of its authority. */
export type NamedKeeper = { authority: string; keeper: RaKeeper };

/** Everything, each once. With `ra: none` the RA is the CA, which is there already. */
export function watchedOf(
  { config, authorities, endpoints, tls, adminTls }: Settings,
  keepers: readonly NamedKeeper[],
): Watched[] {
  const chains = [...authorities.values()].map(({ name, authority: { chain } }) => ({ name, chain }));
  const known = new Set(chains.flatMap(({ chain }) => chain.map(thumbprint)));
  const ras = keepers.flatMap(({ authority, keeper }) =>
    raRoles(keeper)
      .filter(({ der }) => isNew(known, der))
      .map(({ der, role, automatic }) => ({
        ...watchedCertificate(`authority ${authority}: ${role}`, der),
        automatic,
        leaf: true,
      })),
  );
  const cas = chains.flatMap(({ name, chain }) => watchedChain(chain, `authority ${name}: `));
  const lists = [...authorities.values()].flatMap(({ name, authority: { above } }) =>
    above.map((each) => ({ ...each.ends(), what: `authority ${name}: ${each.ends().what}` })),
  );
  return [
    ...cas,
    ...lists,
    ...ras,
    ...earlier(endpoints),
    ...clientCertificates(config.authorities),
    ...listeners(config.listen, tls),
    ...adminListener(adminTls),
  ];
}

/** By which CA products know this server. */
const clientCertificates = (authorities: Settings['config']['authorities']): Watched[] =>
  Object.entries(authorities).flatMap(([name, { issuer }]) =>
    issuer?.kind === 'ejbca' || issuer?.kind === 'digicertPlatform8' || issuer?.kind === 'adcs'
      ? identityEnd(issuer.settings, `authority ${name}: `)
      : [],
  );

/** After its end none of its certificates renews. */
const earlier = (endpoints: Settings['endpoints']): Watched[] =>
  endpoints.flatMap(({ config, earlierCas }) =>
    earlierCas.map(({ ca }) => watchedCertificate(`endpoint ${config.name}: earlier CA`, ca.der)),
  );

/** The certificates of an RA, DER, each with what it does. `automatic`: this server makes the next one. */
export function raRoles({ current, automatic }: RaKeeper): { role: string; der: Uint8Array; automatic: boolean }[] {
  const { certificate, signer, kem: [kem] = [] } = current();
  // It is made here beside an RA of any form.
  const second = kem ? [{ role: 'RA with an ML-KEM key', der: kem.certificate, automatic: true }] : [];
  if (!signer) return [{ role: 'RA', der: certificate, automatic }, ...second];
  return [
    { role: 'RA that signs', der: signer.certificate, automatic },
    { role: 'RA that decrypts', der: certificate, automatic },
    ...second,
  ];
}

function isNew(known: Set<string>, der: Uint8Array): boolean {
  const before = known.size;
  return known.add(thumbprint(der)).size > before;
}

/** With several listeners each has its address in its name. */
const listeners = ({ places }: ListenConfig, tls: Settings['tls']): Watched[] =>
  places.flatMap(({ host, port }, index) => {
    const name = places.length > 1 ? `listener ${host}:${port}` : 'listener';
    const { certificate } = tls[index] ?? {};
    if (certificate === undefined) return [];
    const [der] = certificatesFrom(Buffer.from(certificate), 'listen.tls.certificate');
    return [{ ...watchedCertificate(`${name}: TLS certificate`, der), leaf: true }];
  });

const adminListener = (tls: Settings['adminTls']): Watched[] => {
  if (!tls) return [];
  const [der] = certificatesFrom(Buffer.from(tls.certificate), 'admin.tls.certificate');
  return [{ ...watchedCertificate('administrator’s listener: TLS certificate', der), leaf: true }];
};

/** What an endpoint needs to serve: its chain and its RA. */
export const neededFor = (chain: readonly Uint8Array[], keeper: RaKeeper): Watched[] => [
  ...watchedChain(chain),
  ...raRoles(keeper).map(({ role, der }) => watchedCertificate(role, der)),
];
