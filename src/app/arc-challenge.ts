/** The challenges by which the agent of Azure Arc recognises a program of its own machine. */
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { readFileAtOnce } from './files.ts';

/** Where the agent of Azure Arc writes its challenges on Linux. */
const ARC_FOLDER = '/var/opt/azcmagent/tokens';
/** Its files are not longer, octets. */
const ARC_LIMIT = 4096;

/**
 * The content of a challenge of Azure Arc. Another file is never read, because its content is sent to what answers at the port of
 * the agent. Throws ConfigError.
 */
export function arcChallenge(path: string, folder = ARC_FOLDER): string {
  const remedy = 'The user of openndes must be in the group `himds`; look at `managedIdentity.challenges`.';
  if (!path.endsWith('.key') || dirname(resolve(path)) !== resolve(folder))
    throw new ConfigError(`it names a file that is no challenge of ${folder}`, remedy);
  return readFileAtOnce(path, 'the challenge of Azure Arc', ARC_LIMIT).toString();
}
