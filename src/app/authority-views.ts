/** The authorities of a running server, as pages and the API show them. */
import type { AuthoritySource, AuthorityView, DownloadedCertificate } from '../actions/authority-view.ts';
import type { Placed } from '../actions/seen-places.ts';
import type { ShownCertificate } from '../actions/shown-certificate.ts';
import { profilesIn } from '../ca/profile.ts';
import type { AuthorityConfig } from '../config/authorities.ts';
import { tenantsOf } from '../config/policies.ts';
import type { Belonging } from '../core/access.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import { readCertificate, thumbprint, thumbprintSha256 } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { certificatePem } from '../pkix/pem.ts';
import { listTimes } from '../revocation/read-list.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { certificateView, chainView, roleInChain } from './certificate-views.ts';
import { kindText } from '../pkix/key-text.ts';
import type { Authority } from './loaded-authority.ts';
import type { ServedOcsp } from './ocsp-responders.ts';
import type { ServedEndpoint } from './served-endpoints.ts';
import { listName, previousLists } from './named-lists.ts';
import { profileOf } from './loaded-endpoints.ts';
import type { Settings } from './settings.ts';
import { raRoles } from './watched-settings.ts';

/** What the views are made of. `crls`: as in `servedLists`. */
export type AuthorityParts = {
  settings: Settings;
  served: readonly ServedEndpoint[];
  crls: ReadonlyMap<string, RevocationList>;
  ocsp: Pick<ServedOcsp, 'signers'>;
  clock: Clock;
};

type Named = { name: string; authority: Authority };

/** Each is read anew whenever it is asked for, because RAs and lists change. */
export const authoritySource = (parts: AuthorityParts): AuthoritySource => ({
  async list() {
    const loaded = await Promise.all([...parts.settings.authorities.values()].map((each) => placed(each, parts)));
    return [...loaded, ...notLoaded(parts.settings)];
  },
  certificates: (name) =>
    parts.settings.authorities.get(name)?.authority.chain.map((der, index) => download(name, der, index)) ?? [],
});

async function placed(named: Named, parts: AuthorityParts): Promise<Placed<AuthorityView>> {
  return { view: await viewOf(named, parts), places: placesOf(named.name, parts.settings.config) };
}

/** Of a server that serves the endpoints of others alone. */
const notLoaded = ({ config, authorities, notServed }: Settings): Placed<AuthorityView>[] =>
  Object.entries(config.authorities)
    .filter(([name]) => !authorities.has(name))
    .map(([name, { key }]) => {
      const places = placesOf(name, config);
      const endpoints = new Set(places.map(({ endpoint }) => endpoint));
      const failure = notServed.find(({ endpoint }) => endpoints.has(endpoint))?.err.message;
      const empty = { chain: [], next: [], previous: [], platforms: [], ra: [], lists: [], endpoints: [] };
      const urls = { crl: [], ocsp: [], issuer: [] };
      const view = { name, subject: '', failure: failure ?? 'it could not be loaded', ...empty, urls };
      return { places, view: { ...view, key: { kind: '', place: placeOf(key) } } };
    });

/** By itself, and at each of its endpoints. */
const placesOf = (authority: string, config: Settings['config']): Belonging[] => [
  { authority },
  ...config.endpoints
    .filter((each) => each.authority.name === authority)
    .flatMap(({ name, policy }) => {
      const tenants = tenantsOf(policy);
      return tenants.length === 0
        ? [{ endpoint: name, authority }]
        : tenants.map((tenant) => ({ endpoint: name, authority, tenant }));
    }),
];

async function viewOf(named: Named, parts: AuthorityParts): Promise<AuthorityView> {
  const { name, authority } = named;
  const { settings, clock } = parts;
  const now = clock();
  const config = settings.config.authorities[name];
  return {
    name,
    subject: authority.subject,
    endpoints: [],
    chain: chainView(authority.chain, now),
    next: chainView(authority.next ?? [], now),
    previous: authority.previous.map(({ certificate }) => certificateView(certificate, { role: 'earlier CA' }, now)),
    platforms: platformsOf(authority.chain),
    key: keyOf(authority, config),
    ra: raOf(name, parts),
    lists: await listsOf(named, parts),
    ...(config?.ocsp && { ocsp: ocspOf(name, parts) }),
    urls: urlsOf(name, settings),
  };
}

const keyOf = ({ key, keyStanding }: Authority, config: AuthorityConfig | undefined): AuthorityView['key'] => ({
  kind: key ? kindText(key.kind) : '',
  place: placeOf(config?.key),
  ...defined({ failure: keyStanding?.() }),
});

/** What follows the scheme can be a path, and can contain a PIN. */
const placeOf = (key: string | undefined): string =>
  key === undefined ? 'of another CA product' : (PLACES[key.split(':', 1)[0]?.toLowerCase() ?? ''] ?? 'elsewhere');

const PLACES: Readonly<Record<string, string>> = {
  file: 'in a file',
  pkcs11: 'in a token (PKCS #11)',
  awskms: 'in AWS KMS',
  azurekms: 'in Azure Key Vault',
  gcpkms: 'in Google Cloud KMS',
};

/** Each certificate once, although several endpoints have it. Where the CA is its own RA, that is all. */
function raOf(name: string, { served, clock }: AuthorityParts): ShownCertificate[] {
  const now = clock();
  const all = served
    .filter(({ authority }) => authority === name)
    .flatMap(({ keeper }) => raRoles(keeper))
    .map(({ der, ...role }) => certificateView(der, { ...role, leaf: true }, now));
  return [...new Map(all.map((each) => [each.sha256, each])).values()];
}

const ocspOf = (name: string, { ocsp, clock }: AuthorityParts): AuthorityView['ocsp'] => ({
  path: `/ocsp/${name}`,
  signers: ocsp
    .signers(name)
    .map((der) => certificateView(der, { role: 'OCSP signer', leaf: true, automatic: true }, clock())),
});

/** Its own list, those of the CAs before it, and those of the CAs above it. */
function listsOf({ name, authority }: Named, { crls }: AuthorityParts): Promise<AuthorityView['lists']> {
  const names = [
    listName(name, authority),
    ...previousLists(name, authority).map(({ list }) => list),
    ...authority.above.map(({ list }) => list),
  ];
  return Promise.all(names.flatMap((each) => (crls.has(each) ? [listOf(each, crls)] : [])));
}

async function listOf(name: string, crls: AuthorityParts['crls']): Promise<AuthorityView['lists'][number]> {
  const shards = [...crls.keys()].filter((each) => each.startsWith(`${name}/`)).length;
  const facts = { name, path: `/crl/${name}.crl`, shards };
  const list = crls.get(name);
  try {
    const { thisUpdate, nextUpdate, number } = listTimes((await list?.()) ?? new Uint8Array());
    const failure = list?.failure?.()?.message;
    const times = { thisUpdate: thisUpdate.toISOString(), nextUpdate: nextUpdate.toISOString() };
    return { ...facts, ...times, ...defined({ number, failure }) };
  } catch (error) {
    return { ...facts, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** What the certificates of its endpoints name, each URL once. */
function urlsOf(name: string, { config }: Settings): AuthorityView['urls'] {
  const own = config.endpoints.filter(({ authority }) => authority.name === name);
  const profiles = own.flatMap((each) => profilesIn(profileOf(each)));
  const once = (urls: readonly (readonly string[] | undefined)[]): string[] => [
    ...new Set(urls.flatMap((each) => each ?? [])),
  ];
  return {
    crl: once(profiles.map(({ crl }) => crl)),
    ocsp: once(profiles.map(({ authorityInfoAccess }) => authorityInfoAccess?.ocsp)),
    issuer: once(profiles.map(({ authorityInfoAccess }) => authorityInfoAccess?.caIssuers)),
  };
}

const pairs = (hex: string, between: string): string => hex.match(/../g)?.join(between) ?? '';

/** How each platform writes a thumbprint, and which certificate it compares with the one that its profile names. */
const PLATFORMS = [
  { platform: 'Intune', of: 'both', written: (hex: string) => hex },
  { platform: 'Windows', of: 'issuing', written: (hex: string) => hex.toLowerCase() },
  { platform: 'Android', of: 'root', written: (hex: string) => pairs(hex, ':') },
  { platform: 'iOS, iPadOS, macOS', of: 'both', written: (hex: string) => pairs(hex, ' ') },
] as const;

function platformsOf(chain: readonly Uint8Array[]): AuthorityView['platforms'] {
  const [issuing, root] = [chain[0], chain.at(-1)];
  if (!issuing || !root) return [];
  const certificates = { issuing: [issuing], root: [root], both: chain.length > 1 ? [issuing, root] : [issuing] };
  return PLATFORMS.flatMap(({ platform, of, written }) =>
    certificates[of].map((der) => ({
      platform,
      which: der === issuing ? 'the issuing CA' : 'the root',
      subject: nameText(readCertificate(der).subject),
      sha1: written(thumbprint(der)),
      sha256: written(thumbprintSha256(der)),
    })),
  );
}

const download = (authority: string, der: Uint8Array, index: number): DownloadedCertificate => ({
  file: `${authority}-${roleInChain(der, index).replace(/[ ,]+/g, '-').toLowerCase()}`,
  subject: nameText(readCertificate(der).subject),
  sha256: thumbprintSha256(der),
  pem: certificatePem(der),
  der: Buffer.from(der).toString('base64'),
});
