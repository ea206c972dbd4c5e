/** `openndes check`: configuration, keys and algorithms, without starting anything. Exit 78 when something is wrong. */
import type { Command } from 'commander';
import { selfTest } from '../../cms/self-test.ts';
import { policiesIn } from '../../config/policies.ts';
import { withSettings } from '../../app/settings.ts';
import { CONFIG } from '../options.ts';
import type { Output } from '../output.ts';
import { loadPolicyModule } from '../../app/policy-makers.ts';

export function registerCheck(program: Command, { out, err }: Output): void {
  program
    .command('check')
    .description('check configuration, certificates, keys and algorithms; exit 78 when something is wrong')
    .option(...CONFIG)
    .addHelpText('after', '\nExample:\n  openndes check --config openndes.yaml')
    .action(({ config: file }: { config: string }) =>
      withSettings(file, async (settings, warnings) => {
        for (const warning of warnings) err(`warning: ${warning}`);
        await selfTest();
        out('algorithms: every one that GetCACaps can name works in this runtime');
        for (const { name, authority } of settings.authorities.values()) out(`authority ${name}: ${authority.subject}`);
        for (const { path, policy } of settings.config.endpoints) {
          for (const { policy: each } of policiesIn(policy))
            if (each.kind === 'module') await loadPolicyModule(each.path, each.options);
          out(`endpoint ${path}: ok`);
        }
        out('Everything is in order.');
      }),
    );
}
