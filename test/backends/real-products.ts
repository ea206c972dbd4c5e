/** step-ca and OpenBao themselves, each with what its backend is made with, and what it says of its certificates. */
import { httpsClient } from '../../src/outbound/https-client.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import type { ProductPlan } from './killed-product.ts';
import { realOpenBao } from './real-open-bao.ts';
import { PROVISIONERS, realStepCa } from './real-step-ca.ts';

/** `made`: how many certificates it has made. `isRevoked`: by the serial number, lower-case hexadecimal. */
export type RealProduct = {
  name: string;
  plan: Extract<ProductPlan, { kind: 'stepCa' | 'openBao' }> & { service: { url: string; ca: string } };
  secrets: string[];
  made: () => number | Promise<number>;
  isRevoked: (serial: string) => Promise<boolean>;
  close: () => Promise<void>;
};

const never = new AbortController().signal;

/** With a JWK provisioner and the template of openndes. */
export async function stepCaProduct(): Promise<RealProduct> {
  const ca = await realStepCa();
  const trust = certificatePem(ca.root);
  const settings = { url: ca.url, provisioner: PROVISIONERS.templated, key: ca.jwk, keyId: 'kid-of-the-test' };
  const isSigned = (line: string): boolean => line.includes('"path":"/1.0/sign"') && line.includes('"status":201');
  return {
    name: 'step-ca itself',
    plan: { kind: 'stepCa', settings, chain: [ca.issuing, ca.root], service: { url: ca.url, ca: trust } },
    secrets: [ca.jwk],
    // Its log has a line for each.
    made: () => ca.log().split('\n').filter(isSigned).length,
    async isRevoked(serial) {
      const client = httpsClient({ trustCa: trust, timeoutMs: 10_000 });
      try {
        const call = { method: 'GET', url: `${ca.url}/1.0/crl`, headers: {}, limit: 1_000_000 } as const;
        return Buffer.from((await client.octets(call, never)).octets).includes(Buffer.from(serial, 'hex'));
      } finally {
        await client.close();
      }
    },
    close: ca.close,
  };
}

/** With a login as an AppRole. */
export async function openBaoProduct(): Promise<RealProduct> {
  const bao = await realOpenBao();
  const login = { kind: 'appRole', mount: 'approle', ...bao.appRole } as const;
  return {
    name: 'OpenBao itself',
    plan: {
      kind: 'openBao',
      settings: { mount: 'pki', role: 'fleet', login },
      chain: [bao.ca],
      service: { url: bao.url, ca: bao.tls },
    },
    secrets: [bao.appRole.secretId, bao.rootToken],
    async made() {
      const { keys } = (await bao.ask('GET', '/v1/pki/certs?list=true')) as { keys: string[] };
      return keys.length;
    },
    async isRevoked(serial) {
      const octets = serial.padStart(serial.length + (serial.length % 2), '0').match(/../g) ?? [];
      const found = await bao.ask('GET', `/v1/pki/cert/${octets.join(':')}`);
      return (found as { revocation_time: number }).revocation_time > 0;
    },
    close: bao.close,
  };
}
