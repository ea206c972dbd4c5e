/** The simulated Intune tenant as a process of its own, through its control API. */
import { join } from 'node:path';
import { openndes } from './openndes.ts';

/** What a challenge is minted for: the request that the client is going to make. Subject in RFC 4514 form. */
export type Expectation = {
  subject: string;
  san?: readonly string[];
  /** Not compared when undefined, as the next one. */
  keyUsage?: readonly string[] | undefined;
  extendedKeyUsage?: readonly string[] | undefined;
  keyLength?: number;
  validitySeconds?: number;
};

export type Call = {
  hop: string;
  code: string;
  body: {
    request?: { transactionId?: string };
    notification?: {
      transactionId?: string;
      certificateThumbprint?: string;
      certificateSerialNumber?: string;
      issuingCertificateAuthority?: string;
      hResult?: number;
    };
  } | null;
};
export type Fault = { hop: string; fault: string | number | object; count?: number };

export type Tenant = {
  /** The block for `tenants:`. */
  block: object;
  mint: (expectation: Expectation) => Promise<string>;
  calls: () => Promise<readonly Call[]>;
  setFault: (fault: Fault) => Promise<void>;
  clearFaults: () => Promise<void>;
  /** A request to the control API (docs/simulator.md), and its answer. */
  control: (method: string, path: string, body?: object) => Promise<unknown>;
  stop: () => Promise<void>;
};

/** Starts `openndes simulator --json` with its keys under `dir`. */
export async function startTenant(dir: string): Promise<Tenant> {
  const simulator = await openndes.start(['simulator', '--dir', join(dir, 'simulator'), '--json'], { ready: /^\{/ });
  const { tenant, control } = JSON.parse(simulator.line) as { tenant: object; control: string };
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(new URL(path, control), { method, ...json });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    block: tenant,
    mint: async (expectation) => ((await ask('POST', '/challenges', expectation)) as { challenge: string }).challenge,
    calls: async () => (await ask('GET', '/calls')) as Call[],
    setFault: async (fault) => void (await ask('POST', '/faults', fault)),
    clearFaults: async () => void (await ask('DELETE', '/faults')),
    control: ask,
    stop: async () => void (await simulator.end('SIGTERM')),
  };
}
