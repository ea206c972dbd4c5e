/** certmonger: its daemon on a message bus of its own, asked through `getcert`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, run } from './children.ts';
import { type Attempt, type Client, dnsName, missing, type Site } from './client.ts';

const SUBMIT = '/usr/lib/certmonger/scep-submit';

export const certmonger: Client = {
  name: 'certmonger',
  // It takes GET although the server offers POST.
  method: 'GET',
  saysBadRequest: /CA_REJECTED[^]*Transaction either is not permitted or is not supported by server/,
  // It writes the components in the order in which they are given, which RFC 4514 shows the other way round.
  asks: (device) => ({ subject: `O=Test,CN=${device}`, san: [`dns:${dnsName(device)}`], keyLength: 2048 }),
  check,
  enrol,
};

async function check(): Promise<void> {
  if (!existsSync(SUBMIT)) throw missing('certmonger', 'certmonger');
  await run('dbus-run-session', ['--', 'true']).catch(() => {
    throw missing('dbus-run-session', 'dbus-daemon');
  });
}

/** The helper of the daemon, alone: GetCACaps with `-c`, GetCACert with `-C`. */
export const scepSubmit = (url: string, flag: '-c' | '-C'): Promise<string> => output(SUBMIT, ['-u', url, flag]);

/** The bus starts the daemon at the first call, and the daemon ends with its bus. */
const SESSION = `
getcert add-scep-ca -s -c ndes -u "$URL" &&
getcert request -s -c ndes -I device -k "$DIR/key.pem" -f "$DIR/cert.pem" -G rsa -g 2048 \
  -N "CN=$DEVICE,O=Test" -D "$DNS" -L "$CHALLENGE" -w -v
getcert list -s`;

async function enrol({ url, dir }: Site, device: string, challenge: string): Promise<Attempt> {
  const env = { URL: url, DIR: dir, DEVICE: device, DNS: dnsName(device), CHALLENGE: challenge, HOME: dir };
  const { stdout, stderr } = await run('dbus-run-session', ['--', 'bash', '-c', SESSION], { env });
  const path = join(dir, 'cert.pem');
  return { certificate: existsSync(path) ? readFileSync(path, 'utf8') : undefined, said: stdout + stderr };
}
