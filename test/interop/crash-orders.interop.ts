/**
 * A server that is killed at each step of an order at a CA elsewhere. The CA is in this process and outlives it. In the end the CA has made
 * the certificates of the store and no other, or each one more is a possible orphan in the store.
 */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Issued } from '../../src/core/issuer.ts';
import type { Allow } from '../../src/core/policy.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { keyHash } from '../../src/enroll/identify.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { type Ability, type Life, serverProcess, type World } from '../enroll/killed.ts';
import { authority, read } from '../kit/endpoint-under-test.ts';
import { client, NOW } from '../kit/pki.ts';
import { requestMessage } from '../kit/requests.ts';
import { temporaryFile } from '../store/temporary.ts';

const REQUEST = await requestMessage();
const ALLOW: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true, consumes: 'one-time' };
const PUBLIC_KEY = keyHash(client.key.spki);

type Made = { requestKey: string; issued: Issued };
/** `kill` ends the server that asks, after the CA has made the certificate and before it has said so. */
type Ca = World & { made: Made[]; decisions: number; kill: (() => unknown) | undefined };

function caWith(ability: Ability): Ca {
  const signer = authority(() => NOW);
  const before = ({ requestKey }: EnrollmentRequest) => ca.made.find((one) => one.requestKey === requestKey)?.issued;
  const ca: Ca = {
    made: [],
    decisions: 0,
    kill: undefined,
    decide: () => (ca.decisions++, ALLOW),
    async issue(request: EnrollmentRequest) {
      const known = ability === 'idempotent' ? before(request) : undefined;
      const issued = known ?? ((await signer.issue(request, ALLOW, new AbortController().signal)) as Issued);
      if (!known) ca.made.push({ requestKey: request.requestKey, issued });
      if (!ca.kill) return issued;
      ca.kill();
      return new Promise(() => {});
    },
    find: before,
    poll: () => assert.fail('no order waits'),
    revoke: () => undefined,
    event: () => undefined,
  };
  return ca;
}

/** What kills each server but the last one. `silent`: the CA has made the certificate, and its answer is not waited for. */
type Death = Pick<Life, 'killBefore' | 'killAfter'> | 'silent';

/** `extra`: certificates at a CA with neither that the store does not have; `orphans`: how many the store says there may be. */
const STEPS: readonly { step: string; deaths: readonly Death[]; asked: number; extra: number; orphans: number }[] = [
  { step: 'before the order is recorded', deaths: [{ killBefore: 'recordPending' }], asked: 2, extra: 0, orphans: 0 },
  { step: 'when the order is recorded', deaths: [{ killAfter: 'recordPending' }], asked: 1, extra: 0, orphans: 1 },
  { step: 'while the CA is asked', deaths: ['silent'], asked: 1, extra: 1, orphans: 1 },
  { step: 'when the CA has answered', deaths: [{ killBefore: 'recordIssued' }], asked: 1, extra: 1, orphans: 1 },
  { step: 'when the certificate is recorded', deaths: [{ killAfter: 'recordIssued' }], asked: 1, extra: 0, orphans: 0 },
  {
    step: 'while the CA is asked, and again before the order is taken up',
    deaths: ['silent', { killBefore: 'postponeIssuance' }],
    asked: 1,
    extra: 1,
    orphans: 1,
  },
  {
    step: 'while the CA is asked, and again when the order is taken up',
    deaths: ['silent', { killAfter: 'postponeIssuance' }],
    asked: 1,
    extra: 1,
    orphans: 1,
  },
  { step: 'while the CA is asked, twice', deaths: ['silent', 'silent'], asked: 1, extra: 2, orphans: 2 },
];

for (const ability of ['find', 'idempotent', 'neither'] as const)
  describe(`a CA with ${ability}`, { concurrency: 2 }, () => {
    for (const { step, deaths, asked, extra, orphans } of STEPS)
      test(`the server is killed ${step}`, async (t) => {
        const { ca, store } = await enrolled(t, ability, deaths);
        const certificates = await store.listCertificates({});
        assert.deepEqual([certificates.length, ca.decisions], [1, asked]);
        const isElsewhere = ability === 'neither';
        assert.equal(ca.made.length, 1 + (isElsewhere ? extra : 0));
        const orders = await store.listOrders({ limit: 9 });
        assert.deepEqual(
          orders.map(({ state, publicKeyHash, requestKey }) => ({ state, publicKeyHash, requestKey })),
          Array.from({ length: isElsewhere ? orphans : 0 }, () => ({
            state: 'orphan',
            publicKeyHash: PUBLIC_KEY,
            requestKey: ca.made[0]?.requestKey,
          })),
        );
      });
  });

/** Servers that die one after the other, and one that answers, ten minutes after each other. The device sends its request each time. */
async function enrolled(t: TestContext, ability: Ability, deaths: readonly Death[]) {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock: () => NOW });
  t.after(() => store.close());
  const ca = caWith(ability);
  const server = (n: number, life: Omit<Life, 'path' | 'at'> = {}) =>
    serverProcess(t, { path, at: new Date(NOW.getTime() + n * 600_000), ability, ...life }, ca);
  for (const [n, death] of deaths.entries()) {
    const doomed = await server(n, death === 'silent' ? {} : death);
    ca.kill = death === 'silent' ? () => void doomed.kill() : undefined;
    // The answers of an idempotent CA and of find end the order: the second death does not come.
    await doomed.post(REQUEST).catch(() => undefined);
    await doomed.kill();
  }
  ca.kill = undefined;
  const last = await server(deaths.length);
  const reply = await read(await last.post(REQUEST));
  assert.ok(reply.status === 'success');
  assert.deepEqual(Buffer.from(readCertificate(reply.certificates[0] ?? REQUEST).spki), Buffer.from(client.key.spki));
  await last.kill();
  return { ca, store };
}
