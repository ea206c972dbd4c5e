/** What keeps a request from a certificate whatever it says: the endpoint, a compromised key, the block list. */
import type { RequestCheck } from '../actions/endpoint-view.ts';
import type { Clock } from '../core/environment.ts';
import { REFUSALS, type RefusalCode } from '../core/errors.ts';
import type { CertificationRequest } from '../core/request.ts';
import type { BlockStore } from '../core/store.ts';
import { blockNamesOf } from '../enroll/blocked.ts';
import { keyHash } from '../enroll/identify.ts';
import type { Endpoints } from './served-endpoints.ts';
import { endpointStandings } from './standings.ts';

type StandingParts = { endpoints: Endpoints; store: BlockStore; clock: Clock };

/** `csr`: absent where a message could not be opened. */
export async function standingChecks(
  endpoint: string,
  csr: CertificationRequest | undefined,
  { endpoints, store, clock }: StandingParts,
): Promise<RequestCheck[]> {
  const reason = endpointStandings(endpoints, clock).find(({ name }) => name === endpoint)?.reason;
  const serves: RequestCheck =
    reason === undefined
      ? { check: 'endpoint', verdict: 'PASS', text: 'it serves' }
      : { check: 'endpoint', verdict: 'FAIL', text: reason };
  return csr ? [serves, ...(await keyChecks(csr, store))] : [serves];
}

async function keyChecks(csr: CertificationRequest, store: BlockStore): Promise<RequestCheck[]> {
  const { isCompromised, hasBlocks } = await store.keyStanding(keyHash(csr.spki));
  const entry = hasBlocks ? await store.findBlock(blockNamesOf({ csr, signerSpki: csr.spki })) : undefined;
  return [
    isCompromised
      ? refusal('key', 'key_compromised', 'a certificate with this key was revoked as compromised')
      : { check: 'key', verdict: 'PASS', text: 'no certificate with this key was revoked as compromised' },
    entry
      ? refusal('block list', 'blocked', `it has the entry ${entry.name}`)
      : { check: 'block list', verdict: 'PASS', text: 'it has no entry for this request' },
  ];
}

const refusal = (check: string, code: RefusalCode, text: string): RequestCheck => ({
  check,
  verdict: 'FAIL',
  text,
  code,
  remedy: REFUSALS[code].remedy,
});
