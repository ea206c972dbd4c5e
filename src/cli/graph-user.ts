/** A user as Microsoft Graph shows it, in a file. */
import { readFile } from '../app/files.ts';
import { ConfigError } from '../core/errors.ts';
import { TemplateError, type TemplateUser } from '../pfx/template-variables.ts';

const LONGEST = 1024 * 1024;

/** The properties of the file that are texts. Throws ConfigError. */
export function userIn(file: string): TemplateUser {
  const what = 'a user as Microsoft Graph shows it';
  const remedy = 'Give the answer to GET https://graph.microsoft.com/v1.0/users/NAME, JSON.';
  const text = readFile(file, what, LONGEST).toString();
  try {
    const user: unknown = JSON.parse(text);
    if (typeof user === 'object' && user !== null && !Array.isArray(user)) return textsOf(user);
  } catch (cause) {
    throw new ConfigError(`${file}: not JSON`, remedy, { cause });
  }
  throw new ConfigError(`${file}: not ${what}`, remedy);
}

const textsOf = (user: object): TemplateUser =>
  Object.fromEntries(Object.entries(user).filter(([, value]) => typeof value === 'string'));

/** Runs work with names of a user. Throws ConfigError where a name cannot be made. */
export function withoutTemplateError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw namesFault(error);
  }
}

/** A ConfigError for a TemplateError; what else it is stays. */
export const namesFault = (error: unknown): unknown =>
  error instanceof TemplateError
    ? new ConfigError(error.message, 'Give the user this value in Entra, or change the template in the section `pfx`.')
    : error;
