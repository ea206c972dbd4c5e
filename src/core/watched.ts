/** Everything that begins and ends with dates, and how it stands at a time: the job, readiness and `check` share it. */
import { endingStage, endingText, type Validity } from './ending.ts';

/**
 * One thing with an end. `what`: its role, such as `authority issuing: root CA`. `automatic`: this server makes the next
 * one 30 days before the end, so that only a later end is worth a warning. `leaf`: it is no CA, and may be made to live 90
 * days or less: stages longer than half of its life are left out. Where only the end is known, no stage is.
 */
export type Watched = {
  what: string;
  subject: string;
  validity: Pick<Validity, 'notAfter'> & Partial<Validity>;
  automatic?: boolean;
  leaf?: boolean;
  /** Of a certificate: the name of its CA, RFC 4514, and its serial number in hexadecimal. */
  issuer?: string;
  serial?: string;
  /** It is a revocation list: `subject` is the CA that signs it. */
  isList?: boolean;
  /** Milliseconds before its end from which the end is worth a warning, when that is later than the first stage. */
  warnFrom?: number;
};

/** How it stands: in force, in force and ending soon, or not in force. */
export type Standing = 'valid' | 'ends' | 'ended' | 'not yet valid';

/** Days before its end from which an automatic one is late. */
const LATE = 14;

/** How it stands at `now`. Both ends of a validity are included (RFC 5280 4.1.2.5). */
export function standingOf(
  { validity, automatic, leaf, warnFrom = Infinity }: Omit<Watched, 'what' | 'subject'>,
  now: Date,
): Standing {
  const { notBefore, notAfter } = validity;
  if (now > notAfter) return 'ended';
  if (notBefore && now < notBefore) return 'not yet valid';
  const half = notBefore && (notAfter.getTime() - notBefore.getTime()) / 2;
  const stage = endingStage(notAfter, now, Math.min(warnFrom, (leaf || automatic ? half : undefined) ?? Infinity));
  if (stage === undefined) return 'valid';
  return automatic && stage > LATE ? 'valid' : 'ends';
}

/** One sentence for people, without its subject: `ended at 2026-11-26T12:00:00.000Z`. */
export function standingText(watched: Watched, now: Date): string {
  const { notBefore, notAfter } = watched.validity;
  const texts: Readonly<Record<Standing, () => string>> = {
    valid: () => `valid until ${notAfter.toISOString()}`,
    ends: () => endingText(notAfter, now),
    ended: () => `ended at ${notAfter.toISOString()}`,
    'not yet valid': () => `is not valid before ${notBefore?.toISOString()}`,
  };
  return texts[standingOf(watched, now)]();
}

/** Why nothing that depends on all of these works now; undefined when all are in force. */
export function notInForce(all: readonly Watched[], now: Date): string | undefined {
  const broken = all.find((each) => ['ended', 'not yet valid'].includes(standingOf(each, now)));
  return broken && `${broken.what} ${broken.subject} ${standingText(broken, now)}`;
}
