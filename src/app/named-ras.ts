/** The RAs of a configuration, to decrypt captured messages. */
import type { MessageRules } from '../scep/open-context.ts';
import { type RegistrationAuthority, registrationAuthority } from '../scep/registration-authority.ts';
import type { Config } from '../config/schema.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import { type EndpointOptions, messageRules } from '../embed/enrollment.ts';
import type { LoadedRa } from './ra-certificate.ts';
import { authorityOf } from './loaded-endpoints.ts';
import { withSettings } from './settings.ts';

/** The RA of an endpoint and the rules of that endpoint; the RA alone of an authority that no endpoint uses. */
export type NamedRa = { of: string; ra: RegistrationAuthority; rules?: MessageRules };

/** Runs work with every RA of a configuration, to decrypt a captured message. Makes none. Throws ConfigError. */
export const withRas = <T>(file: string, work: (ras: NamedRa[]) => T | Promise<T>): Promise<T> =>
  withSettings(file, async ({ authorities, endpoints, config: { fips } }) => {
    const unused = [...authorities.values()].filter(
      ({ name }) => !endpoints.some((each) => authorityOf(each) === name),
    );
    const found = await Promise.all([
      ...endpoints.map(async ({ config, authority }) => ({
        of: config.path,
        ra: await authority.existingRa(challengeParties(config.policy)),
        rules: messageRules({ ...config, ...keyTransport(fips) }),
      })),
      ...unused.map(async ({ name, authority }) => ({
        of: `the authority ${name}, which no endpoint uses`,
        ra: await authority.existingRa(undefined),
      })),
    ]);
    return work(found.flatMap(({ ra, ...rest }) => (ra ? [{ ...rest, ra: assembled(ra) }] : [])));
  });

/** What `fips` says about RSA PKCS#1 v1.5, as a setting of an endpoint. */
export const keyTransport = (fips: Config['fips']): Pick<EndpointOptions, 'pkcs1KeyTransport'> =>
  fips?.pkcs1KeyTransport === 'refuse' ? { pkcs1KeyTransport: 'refuse' } : {};

const assembled = ({ retired, signer, ...current }: LoadedRa): RegistrationAuthority =>
  registrationAuthority(current, retired, signer);
