/** What a CA says about an error, for the log. */
import type { IssuerError, IssuerErrorCode } from '../core/errors.ts';
import { field, redacted, textField } from '../outbound/untrusted-json.ts';
import type { BackendReply } from './backend-call.ts';
import { backendFault } from './backend-fault.ts';

/** Where the CAs that speak JSON have their words. */
const FIELDS = ['error_message', 'errorMessage', 'message', 'detail'];

/** The words of the CA, without the secrets that were sent; empty when there are none. At most 500 characters. */
export function said({ json }: Pick<BackendReply, 'json'>, secrets: readonly string[]): string {
  const listed = [field(json, 'errors')].flat().map(wordsOf);
  const words = [...FIELDS.map((name) => textField(json, name)), ...listed].filter(Boolean);
  return redacted([...new Set(words)].join('; '), secrets);
}

const wordsOf = (error: unknown): string | undefined => {
  if (typeof error === 'string') return error;
  const object = typeof error === 'object' && error !== null ? error : undefined;
  const words = [textField(object, 'code'), textField(object, 'message')].filter(Boolean);
  return words.length > 0 ? words.join(': ') : undefined;
};

/** What a status means where a CA does not say otherwise. */
const CODES: Readonly<Record<number, IssuerErrorCode>> = {
  400: 'invalid',
  401: 'unauthorised',
  403: 'unauthorised',
  404: 'misconfigured',
  405: 'misconfigured',
  409: 'conflict',
  422: 'rejected',
  429: 'throttled',
};

/** `codes`: where this CA means something else by a status. `secrets` as in BackendCall. */
export type RefusedReplyOptions = {
  what: string;
  codes?: Readonly<Record<number, IssuerErrorCode>>;
  secrets?: readonly string[];
};

/** The error for a reply that is no success. `what` names the CA and the call: `step-ca (ca.example): sign`. */
export function refusedReply(
  reply: BackendReply,
  { what, codes = {}, secrets = [] }: RefusedReplyOptions,
): IssuerError {
  const code = codes[reply.status] ?? CODES[reply.status] ?? (reply.status >= 500 ? 'unavailable' : 'invalid');
  const words = said(reply, secrets);
  return backendFault(code, `${what}: HTTP ${reply.status}${words === '' ? '' : `, ${words}`}`);
}
