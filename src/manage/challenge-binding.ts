/** Reads what a one-time password is to be bound to, as administrators write it. */
import { catchDerError } from '../asn1/limits.ts';
import type { ChallengeBinding } from '../core/records.ts';
import { generalNameFromText } from '../pkix/general-name.ts';
import { nameFromText, nameText } from '../pkix/name.ts';

/** A password cannot be bound as asked. The message says why, for the administrator. */
export class BindingError extends Error {
  override readonly name = 'BindingError';
}

/**
 * The binding; undefined without subject and names. Names without a subject are refused, because the subject
 * names the requester too. Throws BindingError for these and for malformed values.
 */
export function bindingOf({ subject, san }: { subject?: unknown; san?: unknown }): ChallengeBinding | undefined {
  const names = san ?? [];
  if (subject === undefined && Array.isArray(names) && names.length === 0) return undefined;
  if (typeof subject !== 'string' || subject === '')
    throw new BindingError('a password is bound to a subject and its names: give the subject, such as CN=router-7');
  if (!isListOfText(names)) throw new BindingError('`san` is a list of texts such as dns:router-7.example.com');
  return catchDerError(
    () => ({ subject: nameText(nameFromText(subject)), san: names.filter((name) => generalNameFromText(name)) }),
    (error) => {
      throw new BindingError((error as Error).message, { cause: error });
    },
  );
}

const isListOfText = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
