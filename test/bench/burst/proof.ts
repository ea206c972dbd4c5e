/** Whether devices, store and Intune agree: one certificate for each device, and Intune was told of it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Notified } from './tenant.ts';
import { MAIN } from './servers.ts';

/** A certificate as `openndes certs list --json` prints it. */
export type ListedCertificate = { subject: string; state: string; thumbprint: string };

/** A device and the thumbprint of the certificate that it holds; none where it got no certificate. */
export type Holder = { subject: string; held: string | undefined };

/** What must be so, and how often it is not. Intune may be told twice, which changes nothing there. */
export type Proof = {
  without: number;
  /** The store has no valid certificate with the thumbprint that the device holds. */
  differing: number;
  /** The store has more than one valid certificate for the device. */
  several: number;
  /** Certificates in the store of no device, or that no device holds. */
  unknown: number;
  untold: number;
  toldAgain: number;
};

/** The certificates of the store, by a command beside the running server. */
export async function listed(config: string): Promise<ListedCertificate[]> {
  const args = [MAIN, 'certs', 'list', '--json', '--limit', '1000000', '--config', config];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 30 });
  return JSON.parse(stdout) as ListedCertificate[];
}

/** Thumbprints are SHA-1; letter case makes no difference. */
export function proofOf(
  holders: readonly Holder[],
  certificates: readonly ListedCertificate[],
  notified: Notified,
): Proof {
  const bySubject = new Map<string, string[]>();
  for (const { subject, state, thumbprint } of certificates)
    if (state !== 'revoked') bySubject.set(subject, [...(bySubject.get(subject) ?? []), thumbprint.toLowerCase()]);
  const told = new Set(notified.thumbprints.map((each) => each.toLowerCase()));
  const held = new Set(holders.flatMap((holder) => holder.held?.toLowerCase() ?? []));
  const count = (test: (holder: Holder, stored: readonly string[], held: string) => boolean): number =>
    holders.filter((one) => test(one, bySubject.get(one.subject) ?? [], one.held?.toLowerCase() ?? '')).length;
  return {
    without: count((one) => one.held === undefined),
    differing: count((one, stored, own) => one.held !== undefined && !stored.includes(own)),
    several: count((_one, stored) => stored.length > 1),
    unknown: [...bySubject.values()].flat().filter((each) => !held.has(each)).length,
    untold: count((one, _stored, own) => one.held !== undefined && !told.has(own)),
    toldAgain: notified.count - told.size,
  };
}

export const holds = ({ without, differing, several, unknown, untold }: Proof): boolean =>
  without + differing + several + unknown + untold === 0;
