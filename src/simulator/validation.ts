/** Intune's decisions in the three ScepActions: on a request, and on the notification of its result. */
import { createHash } from 'node:crypto';
import { catchDerError } from '../asn1/limits.ts';
import { type UnprovenRequest, readCertificationRequest } from '../pkix/csr.ts';
import { fromBase64 } from './base64.ts';
import { type Challenge, type ChallengeKeys, openChallenge } from './challenge-password.ts';
import { type IntuneCode, type IntuneVerdict, verdict } from './intune-codes.ts';
import { type ActualRequest, actualSide, compare, expectedSide } from './compare.ts';

/** The members of an action's message, named as in its JSON. */
export type ActionMessage = Readonly<Record<string, string | number | null | undefined>> & {
  transactionId: string;
  certificateRequest: string;
};

/** Tenant of the token, and time of the call. */
export type CallContext = { tenantId: string; now: Date };

/** A challenge may have been made by a clock that is ahead of ours by so many milliseconds. */
const SKEW = 300_000;
/** So many validated transactions are kept; the oldest are dropped first. */
const LIMIT = 100_000;

/** The decisions, and the transactions that were validated. */
export class Validation {
  readonly #keys: ChallengeKeys;
  readonly #validated = new Set<string>();

  constructor(keys: ChallengeKeys) {
    this.#keys = keys;
  }

  /** validateRequest. A repeated request gets the same decision, because clients retry. */
  validate(message: ActionMessage, context: CallContext): IntuneVerdict {
    const request = readRequest(message);
    const code = request ? this.#decide(request, context) : 'CertificateRequestDecodingFailed';
    if (code === 'Success') this.#remember(transactionOf(message));
    return verdict(code);
  }

  /** Both notifications: accepted when well formed and for a transaction that was validated with the same request. */
  notify(message: ActionMessage, fields: Readonly<Record<string, FieldCheck>>): IntuneVerdict {
    if (!readRequest(message)) return verdict('CertificateRequestDecodingFailed');
    if (!this.#validated.has(transactionOf(message))) return verdict('BadCertificateRequestIdInChallenge');
    const wrong = Object.entries(fields).find(([name, { accepts }]) => !accepts(message[name]));
    return wrong ? verdict('Unknown', `${wrong[0]} must be ${wrong[1].description}.`) : verdict('Success');
  }

  #decide(request: ParsedRequest, { tenantId, now }: CallContext): IntuneCode {
    if (request.challenge === undefined) return 'ChallengePasswordMissing';
    const challenge = openChallenge(request.challenge, this.#keys);
    if (typeof challenge === 'string') return challenge;
    const problem = problemOf(challenge, tenantId, now.getTime());
    return problem ?? compare(expectedSide(challenge.expectation), request.actual);
  }

  #remember(transaction: string): void {
    this.#validated.add(transaction);
    const [oldest] = this.#validated;
    if (this.#validated.size > LIMIT && oldest !== undefined) this.#validated.delete(oldest);
  }
}

/** The form of a field of a notification. `description` says what `accepts` accepts, after "must be". */
export type FieldCheck = { accepts: (value: unknown) => boolean; description: string };

/** ISO 8601 with a zone, as Microsoft's libraries ask of their callers: YYYY-MM-DDThh:mm:ss.sssTZD. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/;

/** The checks of a successNotification, by member. */
export const SUCCESS_FIELDS: Readonly<Record<string, FieldCheck>> = {
  certificateThumbprint: pattern(/^[0-9A-F]{40}$/, '40 hexadecimal digits in upper case, the SHA-1 of the certificate'),
  certificateSerialNumber: pattern(/^(?!00)[0-9A-F]{1,40}$/i, 'hexadecimal digits without 0x and leading zero octets'),
  certificateExpirationDateUtc: {
    accepts: (value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)),
    description: 'a time with its zone, such as 2030-01-31T12:00:00.000Z',
  },
  issuingCertificateAuthority: pattern(/^.{1,256}$/s, 'the name of the issuer in at most 256 characters'),
};

/** The checks of a failureNotification, by member. */
export const FAILURE_FIELDS: Readonly<Record<string, FieldCheck>> = {
  hResult: {
    accepts: (value) => Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 32,
    description: 'a whole number of 32 bits',
  },
  errorDescription: pattern(/^.{1,255}$/s, 'text of at most 255 characters'),
};

function pattern(expression: RegExp, description: string): FieldCheck {
  return { accepts: (value) => typeof value === 'string' && expression.test(value), description };
}

function problemOf(challenge: Challenge, tenantId: string, now: number): IntuneCode | undefined {
  if (Date.parse(challenge.challengeCreation) > now + SKEW) return 'ChallengeInvalidTimestamp';
  if (Date.parse(challenge.challengeExpiration) <= now) return 'ChallengeExpired';
  return challenge.tenantId === tenantId ? undefined : 'BadTenantIdInChallenge';
}

type ParsedRequest = Pick<UnprovenRequest, 'challenge'> & { actual: ActualRequest };

function readRequest({ certificateRequest }: ActionMessage): ParsedRequest | undefined {
  const der = fromBase64(certificateRequest);
  if (!der) return undefined;
  return catchDerError(
    () => {
      const request = readCertificationRequest(der);
      return { challenge: request.challenge, actual: actualSide(request) };
    },
    () => undefined,
  );
}

const transactionOf = ({ transactionId, certificateRequest }: ActionMessage): string =>
  createHash('sha256').update(`${transactionId}\n${certificateRequest}`).digest('base64');
