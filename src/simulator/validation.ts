/** Intune's decisions in the three ScepActions: on a request, and on the notification of its result. */
import { createHash } from 'node:crypto';
import { catchDerError } from '../asn1/limits.ts';
import { type UnprovenRequest, readCertificationRequest } from '../pkix/csr.ts';
import type { IssuedCertificates } from './directory/issued-certificates.ts';
import { fromBase64 } from './base64.ts';
import { Bounded } from './bounded.ts';
import type { ChallengeTargets } from './challenge-targets.ts';
import { type Challenge, type ChallengeKeys, openChallenge } from './challenge-password.ts';
import { type IntuneCode, type IntuneVerdict, verdict } from './intune-codes.ts';
import type { TenantPolicy } from './entra/app-state.ts';
import type { FieldCheck } from './notification-fields.ts';
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

/** What a decision depends on beside the request. */
export type ValidationParts = {
  keys: ChallengeKeys;
  targets: ChallengeTargets;
  policy: () => TenantPolicy;
  issued: IssuedCertificates;
};

/** The decisions, and the transactions that were validated. */
export class Validation {
  readonly #parts: ValidationParts;
  readonly #validated = new Bounded<true>();
  /** The request that each challenge was used for. */
  readonly #used = new Bounded<string>();

  constructor(parts: ValidationParts) {
    this.#parts = parts;
  }

  /** validateRequest. A repeated request gets the same decision, because clients retry. */
  validate(message: ActionMessage, context: CallContext): IntuneVerdict {
    const request = readRequest(message);
    const code = request ? this.#decide(request, context) : 'CertificateRequestDecodingFailed';
    if (code === 'Success') {
      this.#validated.set(transactionOf(message), true);
      if (request?.challenge !== undefined) this.#used.set(hash(request.challenge), request.id);
    }
    return verdict(code);
  }

  /** Both notifications: accepted when well formed and for a transaction that was validated with the same request. */
  notify(message: ActionMessage, fields: Readonly<Record<string, FieldCheck>>): IntuneVerdict {
    const request = readRequest(message);
    if (!request) return verdict('CertificateRequestDecodingFailed');
    if (!this.#validated.get(transactionOf(message))) return verdict('BadCertificateRequestIdInChallenge');
    const wrong = Object.entries(fields).find(([name, { accepts }]) => !accepts(message[name]));
    if (wrong) return verdict('Unknown', `${wrong[0]} must be ${wrong[1].description}.`);
    if ('certificateSerialNumber' in fields) this.#record(request, message);
    return verdict('Success');
  }

  /** Intune knows now that this certificate was issued. */
  #record(request: ParsedRequest, message: ActionMessage): void {
    const challenge = openChallenge(request.challenge ?? '', this.#parts.keys);
    if (typeof challenge === 'string') return;
    const { deviceId, userId, profileId, expectation } = challenge;
    this.#parts.issued.record({
      deviceId,
      userId,
      profileId,
      subject: expectation.subject,
      serialNumber: String(message['certificateSerialNumber']),
      thumbprint: String(message['certificateThumbprint']),
      issuer: String(message['issuingCertificateAuthority']),
      expires: String(message['certificateExpirationDateUtc']),
      caConfiguration: textOrNull(message['caConfiguration']),
    });
  }

  #decide(request: ParsedRequest, { tenantId, now }: CallContext): IntuneCode {
    if (request.challenge === undefined) return 'ChallengePasswordMissing';
    const challenge = openChallenge(request.challenge, this.#parts.keys);
    if (typeof challenge === 'string') return challenge;
    const problem = problemOf(challenge, tenantId, now.getTime()) ?? this.#parts.targets.problemOf(challenge);
    if (problem) return problem;
    if (this.#isUsed(request)) return 'BadCertificateRequestIdInChallenge';
    const { expectation } = challenge;
    const compared = compare(expectedSide(expectation), request.actual);
    return compared === 'Success' ? registeredKeyCode(expectation.registeredKeys, request.spki) : compared;
  }

  /** A challenge is good for one request. Whether that request may come again is a policy, because it is not documented. */
  #isUsed({ challenge = '', id }: ParsedRequest): boolean {
    const usedFor = this.#used.get(hash(challenge));
    if (usedFor === undefined) return false;
    return usedFor !== id || this.#parts.policy().repeatedValidation === 'refused';
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const registeredKeyCode = (registered: readonly string[] | undefined, spki: Uint8Array): IntuneCode => {
  if (registered === undefined) return 'Success';
  if (registered.length === 0) return 'AadKeyIdentifierListMissing';
  const key = createHash('sha256').update(spki).digest('base64');
  return registered.includes(key) ? 'Success' : 'RegisteredKeyMismatch';
};

const hash = (text: string): string => createHash('sha256').update(text).digest('base64');

function problemOf(challenge: Challenge, tenantId: string, now: number): IntuneCode | undefined {
  if (Date.parse(challenge.challengeCreation) > now + SKEW) return 'ChallengeInvalidTimestamp';
  if (Date.parse(challenge.challengeExpiration) <= now) return 'ChallengeExpired';
  return challenge.tenantId === tenantId ? undefined : 'BadTenantIdInChallenge';
}

/** `id` tells requests apart. */
type ParsedRequest = Pick<UnprovenRequest, 'challenge' | 'spki'> & { actual: ActualRequest; id: string };

function readRequest({ certificateRequest }: ActionMessage): ParsedRequest | undefined {
  const der = fromBase64(certificateRequest);
  if (!der) return undefined;
  return catchDerError(
    () => {
      const request = readCertificationRequest(der);
      const { challenge, spki } = request;
      return { challenge, spki, actual: actualSide(request), id: hash(certificateRequest) };
    },
    () => undefined,
  );
}

const transactionOf = ({ transactionId, certificateRequest }: ActionMessage): string =>
  hash(`${transactionId}\n${certificateRequest}`);
