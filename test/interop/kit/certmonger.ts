/** certmonger: its daemon on a message bus of its own, asked through `getcert`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from './children.ts';
import { apt, type Attempt, dnsName, type Foreign, missing, type Site } from './client.ts';
import { fingerprints } from './pem.ts';

const SUBMIT = '/usr/lib/certmonger/scep-submit';

export const certmonger: Foreign = {
  name: 'certmonger',
  // It takes GET although the server offers POST.
  method: 'GET',
  legacy: false,
  saysBadRequest: /CA_REJECTED[^]*Transaction either is not permitted or is not supported by server/,
  keepsOrder: false,
  withoutPost: 'GET',
  sends: { renewal: 'PKCSReq', poll: 'PKCSReq' },
  // It writes the components in the order in which they are given, which RFC 4514 shows the other way round.
  asks: (device) => ({ subject: `O=Test,CN=${device}`, san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  authorities: async ({ url }) => fingerprints(await scepSubmit(url, '-C')),
  enroll: (site, device, challenge) =>
    session(site, ENROL, { DEVICE: device, DNS: dnsName(device), CHALLENGE: challenge }),
  renew: (site) => session(site, REKEY, {}),
};

async function check(): Promise<void> {
  if (!existsSync(SUBMIT)) throw missing('certmonger', apt('certmonger'));
  await run('dbus-run-session', ['--', 'true']).catch(() => {
    throw missing('dbus-run-session', apt('dbus-daemon'));
  });
}

/** The helper of the daemon, alone: GetCACaps with `-c`, GetCACert with `-C`. */
export const scepSubmit = (url: string, flag: '-c' | '-C'): Promise<string> => output(SUBMIT, ['-u', url, flag]);

// `status` ends with 5 while the CA has not decided; by itself the daemon would ask again after a long while.
const ENROL = `
getcert add-scep-ca -s -c ndes -u "$URL" &&
getcert request -s -c ndes -I device -k "$DIR/key.pem" -f "$DIR/cert.pem" -G rsa -g 2048 \
  -N "CN=$DEVICE,O=Test" -D "$DNS" -L "$CHALLENGE" -w -v
while getcert status -s -i device >/dev/null; [ $? = 5 ]; do sleep 0.3; getcert refresh -s -i device >/dev/null; done
getcert list -s`;

/** With a new key and, as it is part of the request that it keeps, the old challenge. */
const REKEY = `
getcert rekey -s -i device -w -v
getcert list -s`;

/** The bus starts the daemon at the first call, and the daemon ends with its bus; its state stays in HOME. */
async function session({ url, dir }: Site, script: string, names: Readonly<Record<string, string>>): Promise<Attempt> {
  const env = { URL: url, DIR: dir, HOME: dir, ...names };
  const { stdout, stderr } = await run('dbus-run-session', ['--', 'bash', '-c', script], { env });
  const path = join(dir, 'cert.pem');
  return { certificate: existsSync(path) ? readFileSync(path, 'utf8') : undefined, said: stdout + stderr };
}
