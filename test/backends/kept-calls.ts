/** A client of a CA that keeps the calls of a backend and answers each with the next reply; and the order that such tests give. */
import type { BackendCall, BackendReply } from '../../src/backends/backend-call.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { readCertificationRequest, withoutProof } from '../../src/pkix/csr.ts';
import { issuing, root } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';

export const never = new AbortController().signal;
export const csr = withoutProof(readCertificationRequest(CSR));
export const REQUEST = {
  endpoint: '/scep',
  transactionId: 'T',
  csr,
  signerSpki: csr.spki,
  requestKey: 'ab'.repeat(32),
};
export const ALLOW = { kind: 'allow', notify: 'none' } as const;

/** The CA of the test PKI, pinned, with a profile that has DNS names. */
export const PLACE = {
  profile: { ...DEFAULT_PROFILE, altNames: ['dns'] as const },
  certificate: issuing.certificate,
  chain: [root.certificate],
};

export const reply = (status: number, json: object): BackendReply => ({
  status,
  headers: {},
  octets: Buffer.alloc(0),
  json,
});

/** `after`: the reply when none of `replies` is left. */
export function keptCalls(host: string, replies: BackendReply[], after: BackendReply) {
  const calls: BackendCall[] = [];
  const client = {
    host,
    call: async (call: BackendCall) => (calls.push(call), replies.shift() ?? after),
    close: async () => undefined,
  };
  return { calls, client };
}
