/** `openndes enroll`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempt, type Client, dnsName, type Site } from './client.ts';
import { openndes } from './openndes.ts';

export const own: Client = {
  name: 'openndes enroll',
  method: 'POST',
  legacy: false,
  saysBadRequest: /"failInfo":"badRequest"/,
  asks: (device) => ({
    subject: `CN=${device},O=Test`,
    san: [`dns:${dnsName(device)}`],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['clientAuth'],
    keyLength: 2048,
  }),
  check: async () => {},
  enroll,
};

async function enroll({ url, dir }: Site, device: string, challenge: string): Promise<Attempt> {
  const names = ['--subject', `CN=${device},O=Test`, '--san', `dns:${dnsName(device)}`];
  const rest = ['--challenge', challenge, '--out', dir, '--json'];
  const { code, stdout, stderr } = await openndes.run(['enroll', url, ...names, ...rest]);
  const certificate = code === 0 ? readFileSync(join(dir, 'certificate.pem'), 'utf8') : undefined;
  return { certificate, said: stdout + stderr };
}
