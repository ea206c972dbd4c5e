/** `openndes hash-password`: the hash of a password, for `admin.users`. */
import type { Command } from 'commander';
import { hashPassword } from '../../access/password-hash.ts';
import { EXIT, Exit } from '../exit.ts';
import { firstLine } from '../first-line.ts';
import { example } from '../options.ts';
import type { Output } from '../output.ts';
import { systemRandom } from '../../embed/system.ts';

/** Registers the command. */
export function registerHashPassword(program: Command, { out, err }: Output): void {
  program
    .command('hash-password')
    .description('read a password from standard input, one line, and print its hash for `admin.users`')
    .option('--pbkdf2', 'PBKDF2 with SHA-256 and not scrypt: for `fips.required`')
    .addHelpText(...example('openndes hash-password > ndes.hash'))
    .action(async ({ pbkdf2 }: { pbkdf2?: true }) => {
      // Not an argument: all users of the machine can read arguments.
      if (process.stdin.isTTY) err('Type the password and press Enter. It is shown as you type.');
      const password = await firstLine(process.stdin);
      if (password === '') {
        err('No password on standard input.');
        throw new Exit(EXIT.failed);
      }
      out(await hashPassword(password, systemRandom, pbkdf2 ? 'pbkdf2-sha256' : 'scrypt'));
    });
}
