/** step-ca as a peer, with a CA and an RA of the same kinds as ours, and its badger store. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { accepts, freePort } from '../kit/ports.ts';
import { benchAuthority } from './authority.ts';
import { CHALLENGE } from './corpus.ts';

const NAME = 'bench';

/** A server that listens at `port`, with SCEP at `path`. `ra`: the certificate that requests are encrypted to. */
export type Peer = { child: ChildProcess; port: number; path: string; ra: Uint8Array; close: () => Promise<void> };

/** Starts the program in a folder of its own, its log in a file. Throws when it does not listen. */
export async function stepCa(file: string): Promise<Peer> {
  const folder = mkdtempSync('/var/tmp/openndes-step-ca-run-');
  const port = await freePort();
  const { ra } = await written(folder, { port, tlsPort: await freePort() });
  const log = openSync(join(folder, 'log'), 'w');
  const child = spawn(file, [join(folder, 'ca.json')], { stdio: ['ignore', log, log] });
  closeSync(log);
  const close = async (): Promise<void> => {
    const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill();
    await ended;
    rmSync(folder, { recursive: true });
  };
  try {
    await listening(port);
  } catch (cause) {
    const said = readFileSync(join(folder, 'log'), 'utf8');
    await close();
    throw new Error(`step-ca does not listen: ${said}`, { cause });
  }
  return { child, port, path: `/scep/${NAME}`, ra, close };
}

const STARTING = 30_000;

async function listening(port: number): Promise<void> {
  for (const end = performance.now() + STARTING; !(await accepts(port)); await pause(50))
    if (performance.now() > end) throw new Error('not within 30 seconds');
}

/** Its configuration and keys: RSA-2048 for the CA and the RA, as `openndes` is measured. */
async function written(folder: string, { port, tlsPort }: { port: number; tlsPort: number }) {
  const { ca, ra, chain } = await benchAuthority('rsa-2048');
  const [issuing, root] = chain;
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const config = {
    root: put('root.pem', certificatePem(root!)),
    crt: put('issuing.pem', certificatePem(issuing!)),
    key: put('issuing.key', keyPem(ca.key)),
    address: `127.0.0.1:${tlsPort}`,
    insecureAddress: `127.0.0.1:${port}`,
    dnsNames: ['localhost'],
    logger: { format: 'json' },
    db: { type: 'badgerv2', dataSource: join(folder, 'db') },
    authority: {
      provisioners: [
        {
          type: 'SCEP',
          name: NAME,
          challenge: CHALLENGE,
          minimumPublicKeyLength: 2048,
          // AES-128-CBC
          encryptionAlgorithmIdentifier: 1,
          decrypterCertificate: Buffer.from(certificatePem(ra.certificate)).toString('base64'),
          decrypterKeyPEM: Buffer.from(keyPem(ra.key)).toString('base64'),
          claims: { maxTLSCertDuration: '8760h', defaultTLSCertDuration: '8760h' },
        },
      ],
    },
  };
  put('ca.json', JSON.stringify(config));
  return { ra: ra.certificate };
}

const keyPem = ({ privateKey }: SoftwareKey): string => privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
