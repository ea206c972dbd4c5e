/** A SoftHSM2 token behind `p11-kit server`, as an HSM is behind the service of its vendor: the tests kill the service and start it again. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { until } from '../kit/until.ts';

const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';
const [CLIENT = ''] = globSync('/usr/lib/*/pkcs11/p11-kit-client.so');
const PACKAGES = join(import.meta.dirname, 'node_modules');

for (const [what, path, install] of [
  ['SoftHSM2', SOFTHSM, 'apt-get install softhsm2'],
  ['p11-kit', CLIENT, 'apt-get install p11-kit p11-kit-modules'],
  ['pkcs11js', join(PACKAGES, 'pkcs11js'), 'npm ci --prefix test/signers'],
] as const)
  if (!existsSync(path)) throw new Error(`${what} is not installed. Run: ${install}`);

/** The packages are installed below this folder, and openndes looks where it is installed itself. */
process.env['NODE_PATH'] = PACKAGES;

export const PIN = '12345678';

const folder = mkdtempSync(join(tmpdir(), 'openndes-signers-'));
const servers: ChildProcess[] = [];
after(() => {
  for (const each of servers)
    if (each.exitCode === null && each.signalCode === null) process.kill(-each.pid!, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The file that `pin-source` names. */
export function pinFile(pin = PIN): string {
  const path = join(folder, `pin-${pin}`);
  writeFileSync(path, `${pin}\n`, { mode: 0o600 });
  return path;
}

/** `uri` is that of a key by its label. */
export type Token = {
  uri: (object: string, more?: string) => string;
  start: () => Promise<void>;
  /** As the death of the service of an HSM: at once. */
  kill: () => Promise<void>;
  /** It accepts calls and does not answer, until it goes on. */
  pause: () => void;
  goOn: () => void;
  /** Everything in the token is gone; it has the same label. */
  erase: (pin?: string) => void;
  softhsm: (...args: string[]) => void;
};

/** A new token with this label, whose service runs. The address of the service is in the environment of this process. */
export async function newToken(label: string): Promise<Token> {
  const place = join(folder, label);
  mkdirSync(join(place, 'tokens'), { recursive: true });
  const conf = join(place, 'softhsm2.conf');
  writeFileSync(
    conf,
    `directories.tokendir = ${join(place, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const env = { ...process.env, SOFTHSM2_CONF: conf, XDG_RUNTIME_DIR: place };
  const softhsm = (...args: string[]): void =>
    void execFileSync('softhsm2-util', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const init = (pin = PIN): void =>
    softhsm('--init-token', '--free', '--label', label, '--so-pin', '87654321', '--pin', pin);
  init();
  const socket = join(place, 'socket');
  process.env['P11_KIT_SERVER_ADDRESS'] = `unix:path=${socket}`;
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    rmSync(socket, { force: true });
    server = spawn('p11-kit', ['server', '-f', '-n', socket, '--provider', SOFTHSM, `pkcs11:token=${label}`], {
      env,
      stdio: 'ignore',
      detached: true,
    });
    servers.push(server);
    await until(() => existsSync(socket), 'the socket of p11-kit server');
  }

  async function kill(): Promise<void> {
    const ended = once(server!, 'exit');
    // It has a process for each client.
    process.kill(-server!.pid!, 'SIGKILL');
    await ended;
  }

  const signal = (name: NodeJS.Signals): void => void process.kill(-server!.pid!, name);
  await start();
  const uri = (object: string, more = `&pin-source=${pinFile()}`): string =>
    `pkcs11:token=${label};object=${object}?module-path=${CLIENT}${more}`;
  return {
    uri,
    start,
    kill,
    pause: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
    erase(pin) {
      rmSync(join(place, 'tokens'), { recursive: true });
      mkdirSync(join(place, 'tokens'));
      init(pin);
    },
    softhsm,
  };
}
