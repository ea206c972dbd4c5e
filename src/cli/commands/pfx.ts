/** `openndes pfx …`: keys for people. */
import type { Command } from 'commander';
import { readFile } from '../../app/files.ts';
import { readPfxPlan } from '../../app/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import { TemplateError, type TemplateUser } from '../../pfx/template-variables.ts';
import { userNames } from '../../pfx/user-pfx.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { plannedPfx } from '../planned-pfx.ts';
import { registerPfxImport } from './pfx-import.ts';
import { registerPfxKeys } from './pfx-keys.ts';
import { registerPfxRecover } from './pfx-recover.ts';
import { registerPfxRevoke } from './pfx-revoke.ts';

/** Registers the commands. */
export function registerPfx(program: Command, output: Output): void {
  const pfx = program.command('pfx').description('keys for people, such as S/MIME');
  registerTest(pfx, output);
  registerPfxKeys(pfx, output);
  registerPfxImport(pfx, output);
  registerPfxRevoke(pfx, output);
  registerPfxRecover(pfx, output);
}

function registerTest(pfx: Command, { out }: Output): void {
  pfx
    .command('test')
    .description(
      'what a key for a user would be: names, key, connector and recovery officers. No key is made and nobody is asked',
    )
    .argument(
      '<file>',
      'the user as Microsoft Graph shows it, JSON: the answer to GET /users/NAME with the properties of docs/pfx.md',
    )
    .option(...CONFIG)
    .option('--json', 'one JSON object')
    .addHelpText(...example('openndes pfx test jane.json'))
    .action(async (file: string, { config, json }: { config: string; json?: true }) => {
      const plan = await readPfxPlan(config);
      const planned = plannedPfx(plan, namesOf(userIn(file), plan));
      out(json ? jsonText(planned) : linesOf(planned).join('\n'));
    });
}

const linesOf = (planned: ReturnType<typeof plannedPfx>): string[] =>
  Object.entries(planned).map(([name, value]) => printable(`${name}: ${[value].flat().join(', ') || 'none'}`));

function namesOf(user: TemplateUser, plan: Parameters<typeof userNames>[1]): ReturnType<typeof userNames> {
  try {
    return userNames(user, plan);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new ConfigError(
      error.message,
      'Give the user this value in Entra, or change the template in the section `pfx`.',
    );
  }
}

const LONGEST = 1024 * 1024;

function userIn(file: string): TemplateUser {
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
