/** What a program needs so that it can be called safely. */
import { isAbsolute } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { CommandSettings } from './command-settings.ts';

/** What shells, `certutil` and PowerShell give a meaning to. */
const SPECIAL = /["'`$;|&<>\p{Cc}]/u;

/** Throws ConfigError. */
export function assertCommand({ argv, ca, operations }: Pick<CommandSettings, 'argv' | 'ca' | 'operations'>): void {
  const [program = ''] = argv;
  if (!isAbsolute(program))
    throw new ConfigError(
      'the program of the command has no absolute path',
      'Write the whole path: the first one on the PATH could be another program.',
    );
  if (argv.some((part) => /\p{Cc}/u.test(part)))
    throw new ConfigError('an argument of the command has a control character', 'Write it without.');
  if (ca !== undefined && SPECIAL.test(ca))
    throw new ConfigError(
      'the name of the CA has a character with a meaning for shells',
      'A name of a CA that has quotes, `;`, `$`, `|`, `&`, `<`, `>` or a line break is not handed to a program.',
    );
  if (!operations.includes('issue'))
    throw new ConfigError('the command has no operation `issue`', 'Add `issue` to its operations.');
}
