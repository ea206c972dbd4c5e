/** Makes the CA products that a configuration names. The folder of a product is loaded only when it is named. */
import { backendClient } from '../backends/backend-client.ts';
import type { CaProduct } from '../ca/checked-issuer.ts';
import type { Profile } from '../ca/profile.ts';
import type { IssuerConfig } from '../config/issuer-kinds.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { fromModule } from './vendor-module.ts';

/**
 * What a CA product is made for. `profile`: what the certificates of an endpoint may contain; `certificate`: of the CA that issues,
 * `chain`: those above it, DER, as the administrator has pinned them.
 */
export type IssuerPlace = { profile: Profile; certificate: Uint8Array; chain: readonly Uint8Array[] };

/** A product that may have connections to close. */
export type ClosableProduct = CaProduct & { close?: () => Promise<void> };

/** The default export of an issuer module. It is called once for each authority and profile. */
export type IssuerFactory = (
  options: Readonly<Record<string, unknown>>,
  place: IssuerPlace,
) => ClosableProduct | Promise<ClosableProduct>;

type SettingsOf<K> = Extract<IssuerConfig, { kind: K }>['settings'];

/** One row for each kind; the keys of its settings are in `config/issuer-kinds.ts`. */
const MAKERS: {
  readonly [K in IssuerConfig['kind']]: (settings: SettingsOf<K>, place: IssuerPlace) => Promise<ClosableProduct>;
} = {
  module: ({ path, options }, place) =>
    fromModule({ path, what: 'issuer', args: [options, place], isRight: isProduct, shape: SHAPE }),
  async stepCa({ address, settings }, place) {
    const { stepCaBackend } = await import('../backends/step-ca/step-ca-backend.ts');
    const client = backendClient(address, { clock: systemClock });
    return stepCaBackend(settings, { client, clock: systemClock, random: systemRandom, place });
  },
};

/** The product that a configuration names. It asks nothing over the network. Throws ConfigError when it cannot be made. */
export const productOf = async ({ kind, settings }: IssuerConfig, place: IssuerPlace): Promise<ClosableProduct> =>
  (MAKERS[kind] as Maker)(settings, place);

/** The row of a kind, for settings of which only the row knows the type. */
type Maker = (settings: IssuerConfig['settings'], place: IssuerPlace) => Promise<ClosableProduct>;

const SHAPE = {
  factory:
    'Write `export default (options, place) => ({ backend, capabilities, issue })`; docs/backends.md has an example.',
  result:
    'Return an object with a function `issue`; poll, find, revoke, release, check and close only as functions; docs/backends.md has an example.',
};

const OPTIONAL = ['poll', 'find', 'revoke', 'release', 'check', 'close'] as const;

function isProduct(value: unknown): value is ClosableProduct {
  if (typeof value !== 'object' || value === null) return false;
  const given = value as Readonly<Record<string, unknown>>;
  return (
    typeof given['issue'] === 'function' &&
    OPTIONAL.every((name) => given[name] === undefined || typeof given[name] === 'function')
  );
}
