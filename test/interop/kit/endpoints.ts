/** The configuration of the server under test, and where its endpoints are. */
import type { Client } from './client.ts';
import type { Tenant } from './tenant.ts';

/** Who decides at an endpoint: Intune; a static challenge; or a static challenge and then an administrator. */
export type Decides = 'intune' | 'static' | 'approval';

const PATHS: Readonly<Record<Decides, string>> = {
  intune: '/certsrv/mscep/mscep.dll',
  static: '/scep/static',
  approval: '/scep/approval',
};

/** Under this path the same endpoints again, for clients that support only SHA-1 and DES. */
const LEGACY = '/legacy';

export const STATIC_CHALLENGE = 'challenge-of-the-tests';

/** The path of the endpoint where this client can enrol. */
export const pathFor = ({ legacy }: Client, decides: Decides): string => `${legacy ? LEGACY : ''}${PATHS[decides]}`;

/** JSON is YAML: the tenant goes in as the simulator gave it. */
export const configuration = ({ block }: Tenant, notify: 'strict' | 'outbox' = 'strict'): string => `
listen: { host: 127.0.0.1, port: 0, drain: 0 }
store: sqlite:./openndes.db
authorities:
  issuing:
    certificate: certs/issuing-ca.pem
    chain: certs/chain.pem
    key: file:certs/issuing-ca.key.pem
    ra: auto
    next: { certificate: next/certs/issuing-ca.pem, chain: next/certs/chain.pem }
profiles:
  device: { validity: 365d, keyUsage: [digitalSignature, keyEncipherment], extendedKeyUsage: [clientAuth] }
tenants:
  corp: ${JSON.stringify(block)}
endpoints: ${JSON.stringify([...endpoints(notify), ...endpoints(notify, LEGACY, { legacy: ['sha1', 'des'] })])}
`;

const endpoints = (notify: 'strict' | 'outbox', under = '', more: object = {}): object[] =>
  Object.entries({
    intune: { policy: { intune: 'corp', notify } },
    static: { policy: { static: STATIC_CHALLENGE } },
    approval: { policy: { static: STATIC_CHALLENGE }, approval: 'manual' },
  } satisfies Record<Decides, object>).map(([decides, decision]) => ({
    path: `${under}${PATHS[decides as Decides]}`,
    ...decision,
    ...more,
  }));
