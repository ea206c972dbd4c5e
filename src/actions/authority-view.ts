/** What a running server shows of its authorities. Nothing in it is secret. */
import { z } from 'zod';
import type { Placed } from './seen-places.ts';
import { shownCertificate, TIME } from './shown-certificate.ts';

/** Which certificate the profiles of a platform name, with its thumbprints as that platform shows them. */
const forPlatform = z.object({
  platform: z.string(),
  which: z.string(),
  subject: z.string(),
  sha1: z.string(),
  sha256: z.string(),
});

/** `path`: on this server. `shards`: how many parts it has too. `failure`: why no new list can be made. */
const shownList = z.object({
  name: z.string(),
  path: z.string(),
  number: z.number().int().optional(),
  thisUpdate: TIME.optional(),
  nextUpdate: TIME.optional(),
  shards: z.number().int(),
  failure: z.string().optional(),
});

/**
 * `failure`: why it could not be loaded; then the lists are empty. `chain`: the issuing CA first. `key`: its kind, where it is, and why it cannot sign now. `urls`: what certificates of its endpoints name.
 * `endpoints`: those that the caller may see.
 */
export const authorityView = z.object({
  name: z.string(),
  subject: z.string(),
  failure: z.string().optional(),
  endpoints: z.array(z.string()),
  chain: z.array(shownCertificate),
  next: z.array(shownCertificate),
  previous: z.array(shownCertificate),
  platforms: z.array(forPlatform),
  key: z.object({ kind: z.string(), place: z.string(), failure: z.string().optional() }),
  ra: z.array(shownCertificate),
  lists: z.array(shownList),
  ocsp: z.object({ path: z.string(), signers: z.array(shownCertificate) }).optional(),
  urls: z.object({ crl: z.array(z.string()), ocsp: z.array(z.string()), issuer: z.array(z.string()) }),
});

/** One authority. */
export type AuthorityView = z.output<typeof authorityView>;

/** A certificate to download: `pem`, and `der` in base64. `file`: a name without an ending. */
export const downloadedCertificate = z.object({
  file: z.string(),
  subject: z.string(),
  sha256: z.string(),
  pem: z.string(),
  der: z.base64(),
});

/** One certificate to download. */
export type DownloadedCertificate = z.output<typeof downloadedCertificate>;

/** The authorities of a running server, as they are now. `certificates`: the chain of one, issuing CA first. */
export type AuthoritySource = {
  list(): Promise<readonly Placed<AuthorityView>[]>;
  certificates(authority: string): readonly DownloadedCertificate[];
};
