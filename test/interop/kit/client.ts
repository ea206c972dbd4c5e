/** What every SCEP client of these tests can do. */
import type { Expectation } from './tenant.ts';

/** Where a client runs: a folder of its own and the SCEP URL. */
export type Site = { url: string; dir: string };

export type Attempt = {
  /** PEM, if the client got one and kept it. */
  certificate: string | undefined;
  /** Everything that the client said. */
  said: string;
};

export type Client = {
  name: string;
  /** Throws with what is missing and how to install it. */
  check: () => Promise<void>;
  /** What stands in the request that it makes for a device of this name. */
  asks: (device: string) => Expectation;
  /** Makes a key and asks for a certificate, again and again while the answer is PENDING. */
  enroll: (site: Site, device: string, challenge: string) => Promise<Attempt>;
  /** How it sends PKIOperation to a server that offers both. */
  method: 'GET' | 'POST';
  /** Whether it supports only SHA-1 and single DES. */
  legacy: boolean;
  /** How it says that the server answered FAILURE with failInfo badRequest. */
  saysBadRequest: RegExp;
};

/** A client of another vendor, unchanged. */
export type Foreign = Client & {
  /** The SHA-256 fingerprints, hexadecimal, of what it finds in GetCACert. */
  authorities: (site: Site) => Promise<string[]>;
  /** Whether it shows them in the order of the reply. */
  keepsOrder: boolean;
  /** How it sends PKIOperation to a server that does not offer POST. */
  withoutPost: 'GET' | 'POST';
  /** Gets a certificate for another key, with the one that it enrolled in this folder. */
  renew: (site: Site, device: string) => Promise<Attempt>;
  /** The messageType with which it renews, and with which it asks again what became of a request. */
  sends: { renewal: 'RenewalReq' | 'PKCSReq'; poll: 'CertPoll' | 'PKCSReq' };
};

export const dnsName = (device: string): string => `${device}.example.org`;

/** Thrown when a client is not installed: a test that cannot run has failed. */
export const missing = (what: string, remedy: string): Error => new Error(`${what} is missing: ${remedy}`);

/** What installs packages of Debian. */
export const apt = (packages: string): string => `apt-get install --no-install-recommends ${packages}`;
