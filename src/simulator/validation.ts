/** Intune's side of the three ScepActions: the verdict on a request, and on what became of it. */
import { createHash } from 'node:crypto';
import { DerError } from '../asn1/limits.ts';
import { type UnprovenRequest, readCertificationRequest } from '../pkix/csr.ts';
import { fromBase64 } from './base64.ts';
import { type Challenge, type ChallengeKeys, openChallenge } from './challenge-password.ts';
import { type IntuneCode, type IntuneVerdict, verdict } from './intune-codes.ts';
import { type Actual, actualSide, compare, expectedSide } from './compare.ts';

/** The fields of an action's message, all present. Named as on the wire. */
export type Message = Readonly<Record<string, string | number>> & { transactionId: string; certificateRequest: string };

/** Whose token it was, and when. */
export type Caller = { tenantId: string; now: Date };

/** A challenge from a clock that goes ahead of ours is accepted up to so many milliseconds. */
const SKEW = 300_000;
/** Validated transactions remembered; the oldest are forgotten first. */
const REMEMBERED = 100_000;

export class Validation {
  readonly #keys: ChallengeKeys;
  readonly #validated = new Set<string>();

  constructor(keys: ChallengeKeys) {
    this.#keys = keys;
  }

  /** validateRequest. The same request may come again: clients retry. */
  validate(message: Message, caller: Caller): IntuneVerdict {
    const request = readRequest(message);
    const code = request ? this.#examine(request, caller) : 'CertificateRequestDecodingFailed';
    if (code === 'Success') this.#remember(transactionOf(message));
    return verdict(code);
  }

  /** Both notifications: only of a transaction that was validated with this very request, and well formed. */
  notify(message: Message, fields: Readonly<Record<string, FieldCheck>>): IntuneVerdict {
    if (!readRequest(message)) return verdict('CertificateRequestDecodingFailed');
    if (!this.#validated.has(transactionOf(message))) return verdict('BadCertificateRequestIdInChallenge');
    const wrong = Object.entries(fields).find(([name, { accepts }]) => !accepts(message[name]!));
    return wrong ? verdict('Unknown', `${wrong[0]} must be ${wrong[1].words}.`) : verdict('Success');
  }

  #examine(request: Readable, { tenantId, now }: Caller): IntuneCode {
    if (request.challenge === undefined) return 'ChallengePasswordMissing';
    const challenge = openChallenge(request.challenge, this.#keys);
    if (typeof challenge === 'string') return challenge;
    const problem = problemOf(challenge, tenantId, now.getTime());
    return problem ?? compare(expectedSide(challenge.expectation), request.actual);
  }

  #remember(transaction: string): void {
    this.#validated.add(transaction);
    if (this.#validated.size > REMEMBERED) this.#validated.delete(this.#validated.values().next().value!);
  }
}

/** What a field of a notification must look like. */
export type FieldCheck = { accepts: (value: string | number) => boolean; words: string };

/** successNotification. */
export const SUCCESS_FIELDS: Readonly<Record<string, FieldCheck>> = {
  certificateThumbprint: pattern(/^[0-9A-F]{40}$/, '40 hexadecimal digits in upper case, the SHA-1 of the certificate'),
  certificateSerialNumber: pattern(/^(?!00)[0-9A-F]{1,40}$/i, 'hexadecimal digits without 0x and leading zero octets'),
  certificateExpirationDateUtc: {
    accepts: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/.test(String(value)) && isDate(String(value)),
    words: 'a time in UTC, such as 2030-01-31T12:00:00.000Z',
  },
  issuingCertificateAuthority: pattern(/^.{1,256}$/s, 'the name of the issuer in at most 256 characters'),
};

/** failureNotification. */
export const FAILURE_FIELDS: Readonly<Record<string, FieldCheck>> = {
  hResult: {
    accepts: (value) => Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 32,
    words: 'a whole number of 32 bits',
  },
  errorDescription: pattern(/^.{1,255}$/s, 'text of at most 255 characters'),
};

function pattern(expression: RegExp, words: string): FieldCheck {
  return { accepts: (value) => typeof value === 'string' && expression.test(value), words };
}

const isDate = (text: string): boolean => !Number.isNaN(Date.parse(text));

function problemOf(challenge: Challenge, tenantId: string, now: number): IntuneCode | undefined {
  if (Date.parse(challenge.challengeCreation) > now + SKEW) return 'ChallengeInvalidTimestamp';
  if (Date.parse(challenge.challengeExpiration) <= now) return 'ChallengeExpired';
  return challenge.tenantId === tenantId ? undefined : 'BadTenantIdInChallenge';
}

type Readable = Pick<UnprovenRequest, 'challenge'> & { actual: Actual };

function readRequest({ certificateRequest }: Message): Readable | undefined {
  const der = fromBase64(certificateRequest);
  if (!der) return undefined;
  try {
    const request = readCertificationRequest(der);
    return { challenge: request.challenge, actual: actualSide(request) };
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

const transactionOf = ({ transactionId, certificateRequest }: Message): string =>
  createHash('sha256').update(`${transactionId}\n${certificateRequest}`).digest('base64');
