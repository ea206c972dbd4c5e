/** An endpoint moves from the CA of this server to step-ca itself and back, while devices enrol. */
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { httpsClient } from '../../src/outbound/https-client.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { file } from '../wiring/files.ts';
import { movesThereAndBack } from '../wiring/moving.ts';
import { PROVISIONERS, realStepCa } from './real-step-ca.ts';

const ca = await realStepCa();
after(() => ca.close());

const rootFile = file('step/root.pem', certificatePem(ca.root));
const authority = {
  certificate: file('step/issuing.pem', certificatePem(ca.issuing)),
  chain: rootFile,
  ra: { certificate: file('step/ra.pem', ca.scepRa.certificate), key: file('step/ra.key.pem', ca.scepRa.key) },
  issuer: {
    stepCa: {
      url: ca.url,
      provisioner: PROVISIONERS.templated,
      key: ca.jwk,
      keyId: 'kid-of-the-test',
      trustOnly: rootFile,
    },
  },
};

/** Whether the revocation list of step-ca has it. */
async function isRevoked(serial: string): Promise<boolean> {
  const client = httpsClient({ trustCa: certificatePem(ca.root), timeoutMs: 10_000 });
  try {
    const list = await client.octets({ method: 'GET', url: `${ca.url}/1.0/crl`, headers: {}, limit: 1_000_000 }, never);
    return Buffer.from(list.octets).includes(Buffer.from(serial, 'hex'));
  } finally {
    await client.close();
  }
}

const never = new AbortController().signal;

for (const workers of [1, 2])
  test(`an endpoint moves to step-ca and back while devices enrol, with ${workers} threads`, async () => {
    await movesThereAndBack({ authority, isRevoked }, new X509Certificate(ca.issuing), `step-${workers}`, workers);
  });
