/** The database that `store migrate --to` names, as a section of the configuration. */
import { resolve } from 'node:path';
import { withoutPassword } from './new-store.ts';

/** What belongs to the URL: files. */
type TargetFiles = { passwordFile?: string; secretsKeyFile?: string; sslrootcert?: string };

/** `to`: a URL. */
export type TargetOptions = TargetFiles & { to?: string };
type Target = TargetFiles & { to: string };

/** For the administrator: without a password. */
export function targetSection({ to, ...files }: Target): string {
  const url = withoutPassword(to);
  const password = url === literal(to) ? [] : ['  password: "${file:db.password}" # with the password in that file'];
  return ['store:', `  url: ${JSON.stringify(url)}`, ...password, ...lines(files)].join('\n');
}

/** As it is read. */
export const textOfTarget = ({ to, ...files }: Target): string =>
  ['store:', `  url: ${JSON.stringify(literal(to))}`, ...lines(files)].join('\n');

const lines = ({ passwordFile, secretsKeyFile, sslrootcert }: TargetFiles): string[] => [
  ...(passwordFile === undefined ? [] : [`  password: ${reference(passwordFile)}`]),
  ...(sslrootcert === undefined ? [] : [`  sslrootcert: ${JSON.stringify(literal(resolve(sslrootcert)))}`]),
  ...(secretsKeyFile === undefined ? [] : [`  secretsKey: ${reference(secretsKeyFile)}`]),
];

const reference = (path: string): string => JSON.stringify(`\${file:${resolve(path)}}`);

/** `${` in the file would be a reference. */
const literal = (text: string): string => text.replaceAll('${', '$$${');
