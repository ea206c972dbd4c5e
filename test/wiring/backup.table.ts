/** `backup`: what the command makes by this configuration. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../app/installation.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor } from '../../src/testing/store-samples.ts';
import { until } from '../kit/until.ts';
import { clock, file } from './files.ts';
import type { Row } from './row.ts';
import { configured, started } from './server.ts';

const RECIPIENT = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';

/** How the archive begins that `openndes backup` makes without an option. */
async function beginningWith(backup: object): Promise<string> {
  const config = configured({ backup });
  const archive = join(dirname(config), 'archive');
  await run('backup', archive, '--config', config);
  return readFileSync(archive, 'latin1').slice(0, 22);
}

let count = 0;

/** What is wrong for a server whose last backup was made two hours ago. */
async function wrongWith(backup: object): Promise<string[]> {
  const path = join(dirname(file(`backed-${++count}/here`, '')), 'store.db');
  const store = await openSqliteStore({ path, clock });
  await store.recordBackup(new Date(Date.now() - 7_200_000), auditFor(1, 'backed-up', clock()));
  const { close } = await started(configured({ store: `sqlite:${path}`, backup }));
  try {
    await until(async () => (await store.listConditions()).checkedAt !== undefined, 'a look', { every: 20 });
    return (await store.listConditions()).open.map(({ kind }) => kind);
  } finally {
    await close();
    await store.close();
  }
}

export const BACKING: readonly Row[] = [
  {
    keys: ['backup.recipients'],
    question: 'how an archive begins',
    ask: (recipient) => beginningWith(recipient === '' ? {} : { recipients: [recipient] }),
    answers: { '': 'openndes.yaml'.padEnd(22, '\0'), [RECIPIENT]: 'age-encryption.org/v1\n' },
  },
  {
    keys: ['backup.maxAge'],
    question: 'what is wrong two hours after a backup',
    ask: (maxAge) => wrongWith({ maxAge }),
    answers: { '1h': ['backup-old'], '3h': [] },
  },
];
