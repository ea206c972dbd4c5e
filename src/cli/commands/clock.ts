/** `openndes clock`: whether lists and OCSP responses may be signed by the clock of this machine. Works on the store. */
import type { Command } from 'commander';
import { clockWentBack } from '../../core/signing-clock.ts';
import type { Store } from '../../core/store.ts';
import { auditEntry, type Management } from '../../manage/administrator.ts';
import { CONFIG, example } from '../options.ts';
import type { Output } from '../output.ts';
import { failed, withStore } from './certs-store.ts';

/** Registers the command. */
export function registerClock(program: Command, { out, err }: Output): void {
  program
    .command('clock')
    .description('whether revocation lists and OCSP responses are signed: not after the clock went back')
    .option('--accept', 'the clock is right now, and was ahead before: sign by it from now on')
    .option(...CONFIG)
    .addHelpText(...example('openndes clock --accept'))
    .action(async ({ config, accept }: { config: string; accept?: true }) => {
      const problem = await withStore(config, { err }, async (management) => {
        if (accept) await acceptNow(management);
        const now = management.clock();
        const last = await management.store.lastSigned();
        out(`clock        ${now.toISOString()}\nlast signed  ${last?.toISOString() ?? 'nothing yet'}`);
        return clockWentBack(now, last);
      });
      if (problem) failed(`${problem.message}. ${problem.remedy}`, err);
    });
}

/** The history says who did it, and what the last moment was. */
async function acceptNow(management: Management<Pick<Store, 'lastSigned' | 'acceptClock'>>): Promise<void> {
  const { store, clock } = management;
  const now = clock();
  const last = await store.lastSigned();
  const detail = `${now.toISOString()} in place of ${last?.toISOString() ?? 'none'}`;
  await store.acceptClock(
    now,
    auditEntry(management, { event: 'clock-accepted', endpoint: '', transactionId: '', detail }),
  );
}
