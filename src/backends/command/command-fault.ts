/** Why a program of the administrator made no certificate. */
import { printable } from '../../core/printable.ts';
import { IssuerError, type IssuerErrorCode, REFUSALS } from '../../core/errors.ts';

/**
 * What an exit code says; docs/command-issuer.md has the table. The CA may have issued a certificate before a program fails in another way, so
 * for `issue` the outcome is unknown then.
 */
export const EXIT_CODES: ReadonlyMap<number, IssuerErrorCode> = new Map([
  [10, 'rejected'],
  [11, 'invalid'],
  [12, 'unauthorised'],
  [13, 'misconfigured'],
  [14, 'unavailable'],
  [15, 'throttled'],
  [16, 'conflict'],
  [17, 'unknown-outcome'],
]);

/** Whether a text of the program is one of the codes of IssuerError. */
export const isFaultCode = (value: unknown): value is IssuerErrorCode =>
  [...EXIT_CODES.values()].some((code) => code === value);

/** The same order can succeed later, without a change of the order or of the configuration of the CA. */
const PASSING: ReadonlySet<IssuerErrorCode> = new Set(['unauthorised', 'unavailable', 'throttled', 'unknown-outcome']);

/** What else an error of a program says. `clientText`: for the device. `retryAfter`: seconds. */
export type CommandFaultDetails = { clientText?: string; retryAfter?: number; retryable?: boolean };

/** The error of a program; `adminText` has no secret. */
export const commandFault = (
  code: IssuerErrorCode,
  adminText: string,
  { clientText = REFUSALS.issuer_failed.text, retryAfter, retryable = PASSING.has(code) }: CommandFaultDetails = {},
): IssuerError =>
  new IssuerError({
    code,
    retryable,
    adminText,
    clientText,
    ...(retryAfter !== undefined && { retryAfter }),
  });

/** Characters of what a program says that are told to the administrator. */
const MOST_SAID = 300;

/** The last line of what a program said, short, without control characters, and without the secrets that it was given. */
export function lastLine(text: string, secrets: readonly string[]): string {
  const line = withheld(text, secrets).trimEnd().split('\n').at(-1) ?? '';
  return printable(line.trim()).slice(0, MOST_SAID);
}

/** A text of a program without the secrets that it was given. */
export const withheld = (text: string, secrets: readonly string[]): string =>
  secrets.filter(Boolean).reduce((said, secret) => said.replaceAll(secret, '[withheld]'), text);
