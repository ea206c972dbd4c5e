/** What every SCEP client of these tests can do, whoever made it. */
import type { Expectation } from './tenant.ts';

/** Where a client is let loose: a folder of its own and the SCEP URL. */
export type Site = { url: string; dir: string };

export type Attempt = {
  /** PEM, if the client got one and kept it. */
  certificate: string | undefined;
  /** Everything that the client said. */
  said: string;
};

export type Client = {
  name: string;
  /** Throws with the Debian package that is missing. */
  check: () => Promise<void>;
  /** What stands in the request that it makes for a device of this name. */
  asks: (device: string) => Expectation;
  enrol: (site: Site, device: string, challenge: string) => Promise<Attempt>;
  /** How it sends PKIOperation to a server that offers both. */
  method: 'GET' | 'POST';
  /** How it says that the server answered FAILURE with failInfo badRequest. */
  saysBadRequest: RegExp;
};

export const dnsName = (device: string): string => `${device}.example.org`;

/** Thrown when a client is not installed: a test that cannot run has failed. */
export const missing = (what: string, packages: string): Error =>
  new Error(`${what} is missing: apt-get install --no-install-recommends ${packages}`);
