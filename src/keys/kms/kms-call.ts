/** Calls of a key service over REST, as JSON. */
import type { IssuerError } from '../../core/errors.ts';
import { type KeyFaultCode, keyFault } from '../key-fault.ts';

/** One call; its URL is within the service. */
export type KmsOrder = { method: 'GET' | 'POST'; url: string; body?: object };

/** `body`: the JSON object of the answer, empty when it is none. `retryAfter`: seconds. */
export type KmsReply = { status: number; body: Readonly<Record<string, unknown>>; retryAfter?: number };

/** Makes a call with a token of its own. Throws IssuerError when there is no answer, and the reason of the signal. */
export type KmsCall = (order: KmsOrder, signal: AbortSignal) => Promise<KmsReply>;

/** The text of a field; empty when it has none. */
export const textOf = (body: object | undefined, name: string): string => {
  const value = (body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
};

/** The object in a field; undefined when it has none. */
export const objectOf = (body: object | undefined, name: string): object | undefined => {
  const value = (body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'object' && value !== null ? value : undefined;
};

const CODES: ReadonlyMap<number, KeyFaultCode> = new Map([
  [401, 'unauthorised'],
  [403, 'unauthorised'],
  [404, 'misconfigured'],
  [429, 'throttled'],
]);

/** The error for an answer that is no success. `code` where the status alone does not say it; `said`: the words of the service. */
export function kmsFault(
  service: string,
  { status, retryAfter }: KmsReply,
  said: string,
  code: KeyFaultCode = CODES.get(status) ?? 'unavailable',
): IssuerError {
  const text = `${service}: HTTP ${status}${said === '' ? '' : `, ${said.slice(0, 500)}`}`;
  return keyFault(code, text, retryAfter === undefined ? {} : { retryAfter });
}
