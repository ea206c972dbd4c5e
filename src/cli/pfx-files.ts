/** PKCS#12 files that commands are given, with their passwords. */
import { readFile, readTextFile } from '../app/files.ts';
import { promptedPassphrase } from '../app/passphrase-prompt.ts';
import { ConfigError } from '../core/errors.ts';
import type { PfxFile } from '../pfx/brought-pfx.ts';

/** Octets of a PKCS#12 file. */
const LONGEST = 1024 * 1024;

/** Asks for the password without a file that has it. Throws ConfigError. */
export async function givenFile(file: string, passwordFile: string | undefined): Promise<PfxFile> {
  const password =
    passwordFile === undefined
      ? await promptedPassphrase(file)
      : readTextFile(passwordFile, 'the password of the file').replace(/\r?\n$/, '');
  if (password === undefined)
    throw new ConfigError('there is no terminal to ask for the password', 'Give --password-file.');
  return { where: file, file: readFile(file, 'the PKCS#12 file', LONGEST), password };
}
