/** jscep, and BouncyCastle under it: the Java program in `../jscep`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { output, type Ran, run } from './children.ts';
import { apt, type Attempt, dnsName, type Foreign, missing, type Site } from './client.ts';
import { fingerprints } from './pem.ts';

const PROGRAM = join(import.meta.dirname, '../jscep');
const CLASSES = join(PROGRAM, 'target/classes');
// The second half of the compiler takes longer than a request.
const JAVA = ['-XX:TieredStopAtLevel=1', '-cp', `${CLASSES}:${join(PROGRAM, 'target/lib/*')}`, 'Jscep'];

export const jscep: Foreign = {
  name: 'jscep',
  method: 'POST',
  legacy: false,
  saysBadRequest: /failInfo: badRequest/,
  keepsOrder: false,
  withoutPost: 'GET',
  sends: { renewal: 'PKCSReq', poll: 'CertPoll' },
  asks: (device) => ({ subject: subjectOf(device), san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  authorities: async (site) => fingerprints(await ask(site, 'certificates')),
  enroll: async (site, device, challenge) =>
    attempt(site, await jscepRun(site, 'enrol', subjectOf(device), dnsName(device), challenge)),
  renew: async (site, device) => attempt(site, await jscepRun(site, 'renew', dnsName(device))),
};

const subjectOf = (device: string): string => `CN=${device},OU=Java,O=Test`;

async function check(): Promise<void> {
  const built = join(CLASSES, 'Jscep.class');
  const source = join(PROGRAM, 'src/Jscep.java');
  if (!existsSync(built) || statSync(built).mtimeMs < statSync(source).mtimeMs)
    throw missing('the jscep client, or its last change', `mvn -q -B -f ${PROGRAM} compile`);
  await run('java', ['-version']).catch(() => {
    throw missing('java', apt('openjdk-17-jdk-headless'));
  });
}

/** Runs an operation: what it is called and takes is said in the program. Exit code 2 is FAILURE. */
export const jscepRun = ({ url, dir }: Site, ...operation: readonly string[]): Promise<Ran> =>
  run('java', [...JAVA, url, dir, ...operation]);

/** As `jscepRun`, and throws unless it succeeds. Returns what it printed. */
export const ask = ({ url, dir }: Site, ...operation: readonly string[]): Promise<string> =>
  output('java', [...JAVA, url, dir, ...operation]);

const attempt = ({ dir }: Site, { code, stdout, stderr }: Ran): Attempt => ({
  certificate: code === 0 ? readFileSync(join(dir, 'certificate.pem'), 'utf8') : undefined,
  said: stdout + stderr,
});
