/** `openndes token new`, `openndes totp new` and `totp code`: secrets of programs and people for `admin`. Nothing is recorded. */
import { type Command, Option } from 'commander';
import { newToken, tokenHashText } from '../../access/bearer-tokens.ts';
import { newSecondFactor } from '../../access/totp.ts';
import { ROLES, type Role } from '../../core/access.ts';
import { systemRandom } from '../../embed/system.ts';
import { codeNow } from '../second-factor-code.ts';
import { example } from '../options.ts';
import type { Output } from '../output.ts';

/** Registers them. */
export function registerTokens(program: Command, { out, err }: Output): void {
  program
    .command('token')
    .description('tokens of programs, for `admin.tokens`')
    .command('new')
    .description('print a new token, once, and its hash for the configuration')
    .argument('<name>', 'the name of the program, for the history')
    .addOption(
      new Option('--role <role>', 'what the program may do, see docs/access.md').choices(ROLES).default('viewer'),
    )
    .addHelpText(...example('openndes token new prometheus --role metrics'))
    .action((name: string, { role }: { role: Role }) => {
      const token = newToken(systemRandom);
      out(token);
      err(`The token of ${name}, for the program. It is shown once. For the configuration:`);
      err(`admin: { tokens: { ${name}: { hash: "${tokenHashText(token)}", role: ${role} } } }`);
    });
  const totp = program.command('totp').description('second factors of users, for `admin.users`');
  totp
    .command('code')
    .description('print the code of now, as the app on the phone shows it: to compare both')
    .argument('<file>', 'the file with the otpauth URI')
    .addHelpText(...example('openndes totp code ada.totp'))
    .action((file: string) => out(codeNow(file)));
  totp
    .command('new')
    .description(
      'print the otpauth URI of a new key: for the app on the phone, as a QR code, and for the configuration',
    )
    .argument('<user>', 'the name of the user, which the app shows')
    .addHelpText(...example('openndes totp new ada > ada.totp'))
    .action((user: string) => {
      out(newSecondFactor(user, systemRandom));
      err(
        `The key of ${user}. For the configuration: \`totp: "\${file:${user}.totp}"\`, readable for the server alone.`,
      );
      err(`For the phone: make a QR code of the line, for example with \`qrencode -t ANSIUTF8 < ${user}.totp\`.`);
    });
}
