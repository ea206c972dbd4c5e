/** Makes the CA products that a configuration names. The folder of a product is loaded only when it is named. */
import { backendClient } from '../backends/backend-client.ts';
import type { IssuerConfig, IssuerSettings } from '../config/issuer-kinds.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { adcsProduct } from './adcs-product.ts';
import { commandProduct } from './command-product.ts';
import type { ClosableProduct, IssuerPlace } from './issuer-place.ts';
import { withOurErrors } from './module-errors.ts';
import {
  awsPcaProduct,
  digicertProduct,
  ejbcaProduct,
  platform8Product,
  platform8RestProduct,
} from './product-makers.ts';
import { fromModule } from './vendor-module.ts';

/** The default export of an issuer module. It is called once for each authority and profile. */
export type IssuerFactory = (
  options: Readonly<Record<string, unknown>>,
  place: IssuerPlace,
) => ClosableProduct | Promise<ClosableProduct>;

/** One row for each kind; the keys of its settings are in `config/issuer-kinds.ts`. */
const MAKERS: {
  readonly [K in keyof IssuerSettings]: (settings: IssuerSettings[K], place: IssuerPlace) => Promise<ClosableProduct>;
} = {
  module: async ({ path, options }, place) =>
    withOurErrors(await fromModule({ path, what: 'issuer', args: [options, place], isRight: isProduct, shape: SHAPE })),
  async stepCa({ address, settings }, place) {
    const { stepCaBackend } = await import('../backends/step-ca/step-ca-backend.ts');
    const client = backendClient(address, { clock: systemClock });
    return stepCaBackend(settings, { client, clock: systemClock, random: systemRandom, place });
  },
  ejbca: ejbcaProduct,
  digicert: digicertProduct,
  digicertPlatform8: platform8Product,
  digicertPlatform8Rest: platform8RestProduct,
  awsPca: awsPcaProduct,
  adcs: adcsProduct,
  command: commandProduct,
  async openBao({ address, identity, settings }, place) {
    const { openBaoBackend } = await import('../backends/open-bao/open-bao-backend.ts');
    const client = backendClient({ ...address, identity: identity && (() => identity) }, { clock: systemClock });
    return openBaoBackend(settings, { client, clock: systemClock, place });
  },
};

/** The product that a configuration names. It asks nothing over the network. Throws ConfigError when it cannot be made. */
export const productOf = async <K extends keyof IssuerSettings>(
  { kind, settings }: IssuerConfig<K>,
  place: IssuerPlace,
): Promise<ClosableProduct> => MAKERS[kind](settings, place);

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
