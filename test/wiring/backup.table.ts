/** `backup`: what the command makes by this configuration. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../app/installation.ts';
import type { Row } from './row.ts';
import { configured } from './server.ts';

const RECIPIENT = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';

/** How the archive begins that `openndes backup` makes without an option. */
async function beginningWith(backup: object): Promise<string> {
  const config = configured({ backup });
  const archive = join(dirname(config), 'archive');
  await run('backup', archive, '--config', config);
  return readFileSync(archive, 'latin1').slice(0, 22);
}

export const BACKING: readonly Row[] = [
  {
    keys: ['backup.recipients'],
    question: 'how an archive begins',
    ask: (recipient) => beginningWith(recipient === '' ? {} : { recipients: [recipient] }),
    answers: { '': 'openndes.yaml'.padEnd(22, '\0'), [RECIPIENT]: 'age-encryption.org/v1\n' },
  },
];
