/** The contract of issuers, by the local CA and by a CA of a vendor in memory, with each way to know what became of an order. */
import { issuerContract, type WholeIssuer } from '../../src/testing/issuer-contract.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { Issued } from '../../src/core/issuer.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { fakeIssuer } from '../../src/testing/fakes.ts';
import { issuing, NOW, random, root } from '../kit/pki.ts';

const local = () =>
  localAuthority({
    certificate: issuing.certificate,
    chain: [root.certificate],
    key: issuing.key,
    profile: DEFAULT_PROFILE,
    clock: () => NOW,
    random,
  });
const chain = [issuing.certificate, root.certificate];

issuerContract({
  name: 'the local CA',
  make: () => {
    const { chain: above, certificate, ...ca } = local();
    return { issuer: ca, chain: [certificate, ...above] };
  },
});

const TOKEN = 'a token of the vendor';
const failure = (code: 'unknown-outcome' | 'unavailable'): IssuerError =>
  new IssuerError({ code, retryable: true, adminText: `the vendor: ${code}`, clientText: 'Try again.' });

/** What the CA of a vendor can do. */
type Ability = 'find' | 'idempotent' | 'neither' | 'pending';

function vendor(ability: Ability) {
  const signer = local();
  const made: { key: string; issued: Issued }[] = [];
  const revoked = new Set<string>();
  let state: 'well' | 'loses' | 'cut' = 'well';
  const before = (key: string): Issued | undefined => made.find((one) => one.key === key)?.issued;
  const fake = fakeIssuer(async (request, decision, signal) => {
    signal.throwIfAborted();
    if (state === 'cut') throw failure('unavailable');
    const { requestKey: key } = request;
    const known = ability === 'idempotent' ? before(key) : undefined;
    const issued = known ?? (await signer.issue(request, decision, signal));
    if (!known) made.push({ key, issued });
    if (ability === 'pending') return { kind: 'pending', reference: key, retryAfter: 1 };
    if (state !== 'loses') return issued;
    state = 'well';
    throw failure('unknown-outcome');
  });
  const issuer: WholeIssuer = {
    ...fake,
    capabilities: { [ability]: true, revokeReasons: ['superseded'] },
    ...(ability === 'find' && { find: async ({ requestKey }) => before(requestKey) }),
    ...(ability === 'pending' && {
      poll: async (reference) => before(reference) ?? Promise.reject(failure('unavailable')),
    }),
    revoke: async ({ certificate }) => void revoked.add(serialText(readCertificate(certificate).serialNumber)),
    chain: async () => chain,
    check: async () => ({ ok: state !== 'cut', detail: state }),
  };
  return {
    issuer,
    chain,
    secrets: [TOKEN],
    made: () => made.length,
    isRevoked: (serial: string) => revoked.has(serial),
    cut: () => (state = 'cut'),
    ...(ability === 'pending' ? { grant: () => undefined } : { loseAnswer: () => (state = 'loses') }),
  };
}

for (const ability of ['find', 'idempotent', 'neither', 'pending'] as const)
  issuerContract({ name: `a vendor with ${ability}`, make: () => vendor(ability) });
