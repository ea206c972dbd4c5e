/** `openndes pfx …`: keys for people. */
import type { Command } from 'commander';
import { readPfxPlan } from '../../app/settings.ts';
import { userNames } from '../../pfx/user-pfx.ts';
import { CONFIG, example } from '../options.ts';
import { jsonText, type Output, printable } from '../output.ts';
import { userIn, withoutTemplateError } from '../graph-user.ts';
import { plannedPfx } from '../planned-pfx.ts';
import { registerPfxImport } from './pfx-import.ts';
import { registerPfxLink } from './pfx-link.ts';
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
  registerPfxLink(pfx, output);
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
      const planned = plannedPfx(
        plan,
        withoutTemplateError(() => userNames(userIn(file), plan)),
      );
      out(json ? jsonText(planned) : linesOf(planned).join('\n'));
    });
}

const linesOf = (planned: ReturnType<typeof plannedPfx>): string[] =>
  Object.entries(planned).map(([name, value]) => printable(`${name}: ${[value].flat().join(', ') || 'none'}`));
