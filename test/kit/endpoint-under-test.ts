/** An endpoint under test: real codec, CA and store, a policy that counts its calls, and a log that is kept. */
import assert from 'node:assert/strict';
import { localAuthority } from '../../src/ca/local-authority.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { type CertRep, readCertRep } from '../../src/client/reply.ts';
import { singleValue } from '../../src/cms/attributes.ts';
import { readDerOrBer } from '../../src/cms/content-info.ts';
import { readSignedData } from '../../src/cms/signed-data.ts';
import type { Issuer, RevocationReason } from '../../src/core/issuer.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Store } from '../../src/core/store.ts';
import type { StoredCertificate } from '../../src/core/records.ts';
import type { Endpoint, EnrollmentServices } from '../../src/enroll/endpoint.ts';
import { sendDueNotifications } from '../../src/enroll/due-notifications.ts';
import { ORPHANED_AFTER } from '../../src/enroll/record.ts';
import { type ScepAnswer, type ScepService, scepService } from '../../src/enroll/service.ts';
import { tellIssuers } from '../../src/enroll/tell-issuer.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import { capabilities } from '../../src/scep/capabilities.ts';
import { messageCodec } from '../../src/scep/codec.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { type HandClock, handClock } from './clock.ts';
import { type KeptLog, keptLog } from './log.ts';
import { keeping } from './kept-certificates.ts';
import { client, HOUR, issuing, type Keyed, NOW, ra, random, registration, root } from './pki.ts';
import { SENDER_NONCE, TRANSACTION_ID } from './requests.ts';

export const PATH = '/certsrv/mscep/mscep.dll';

export type Under = {
  service: ScepService;
  endpoint: Endpoint;
  services: EnrollmentServices;
  store: Store;
  clock: HandClock;
  log: KeptLog;
  /** Sends what is due. `afterLease`: after the lease of a request that was interrupted has expired. */
  notifications(when?: 'afterLease'): Promise<number>;
  /** Tells the CA the revocations that are due. */
  revocations(): Promise<number>;
};

/** What a test may put in the place of the real thing; `wrap` stands between the line and the store. */
export type Different = Partial<Endpoint> & { store?: Store; wrap?: (store: Store) => Store; clock?: HandClock };

/** An issuing CA of the test PKI. */
export const authority = (clock: () => Date): Issuer =>
  keeping(
    localAuthority({
      certificate: issuing.certificate,
      chain: [root.certificate],
      key: issuing.key,
      profile: DEFAULT_PROFILE,
      clock,
      random,
    }),
  );

export async function endpointUnderTest(policy: Policy, different: Different = {}): Promise<Under> {
  const { store: given, wrap = (store) => store, clock = handClock(), ...rest } = different;
  const store = given ?? (await openSqliteStore({ path: ':memory:', clock }));
  const renewal = different.renewal ?? true;
  const rules = { legacy: new Set<never>(), signingTime: undefined, renewal };
  const endpoint: Endpoint = {
    path: PATH,
    name: different.path ?? PATH,
    policy,
    issuer: authority(clock),
    codec: messageCodec({ ra: registration, rules, clock, random }),
    chain: [issuing.certificate, root.certificate],
    retention: 24 * HOUR,
    ...rest,
  };
  const log = keptLog();
  const raNow = [ra.certificate];
  const deadline = () => new AbortController().signal;
  const services: EnrollmentServices = {
    store: wrap(store),
    clock,
    emit: log.emit,
    deadline,
    storeDeadline: deadline,
    owner: 'test',
  };
  const service = scepService(
    {
      endpoint,
      capabilities: capabilities({ legacy: new Set(), renewal, nextCa: false }),
      ra: () => raNow,
      chain: endpoint.chain,
    },
    services,
  );
  const notifications = (when?: 'afterLease') => {
    if (when) clock.forward(ORPHANED_AFTER);
    return sendDueNotifications(new Map([[endpoint.name, endpoint]]), services);
  };
  const revocations = () => tellIssuers(new Map([[endpoint.name, endpoint]]), services);
  return { service, endpoint, services, store, clock, log, notifications, revocations };
}

/** Who sent a request, and what it had in the place of TRANSACTION_ID and SENDER_NONCE. */
export type Sender = Keyed & { transactionId?: string; senderNonce?: Uint8Array };

/** What the device reads in the answer; throws unless the test RA signed it for this request. */
export const read = ({ body }: { body: Uint8Array }, signer: Sender = client): Promise<CertRep> =>
  readCertRep(body, {
    transactionId: signer.transactionId ?? TRANSACTION_ID,
    senderNonce: signer.senderNonce ?? SENDER_NONCE,
    trusted: [ra.certificate],
    signer,
    random,
  });

/** The certificate in a successful answer. */
export async function issuedIn(answer: ScepAnswer, signer?: Sender): Promise<Buffer> {
  const reply = await read(answer, signer);
  assert.equal(reply.status, 'success', JSON.stringify(answer.facts));
  assert.ok(reply.status === 'success' && reply.certificates.length === 1);
  return Buffer.from(reply.certificates[0]!);
}

/** The refusal's code, of which the wire must show the row. */
export async function refusalIn(answer: ScepAnswer, signer?: Sender): Promise<unknown> {
  const reply = await read(answer, signer);
  assert.equal(reply.status, 'failure', JSON.stringify(answer.facts));
  return answer.facts['code'];
}

/** The senderNonce of an answer, hexadecimal. */
export function nonceOf({ body }: ScepAnswer): string {
  const { attributes } = readDerOrBer(body, readSignedData).signers[0]!;
  return Buffer.from(singleValue(attributes, SCEP_ATTRIBUTE.senderNonce)!.content).toString('hex');
}

/** The certificates in the store, newest first. */
export const stored = ({ store }: Under): Promise<StoredCertificate[]> => store.listCertificates({});

/** Revokes a certificate as `openndes certs revoke` does. */
export function revoke(store: Store, certificate: StoredCertificate, reason: RevocationReason): Promise<boolean> {
  const { issuerId, serial, endpoint, transactionId } = certificate;
  return store.revoke(certificate, reason, {
    at: NOW,
    event: 'revoked',
    endpoint,
    transactionId,
    issuerId,
    serial,
    ...BY_COMMAND,
  });
}

/** Who approves, rejects and revokes in these tests. */
export const BY_COMMAND = { actor: { kind: 'person', name: 'ada' }, source: 'cli' } as const;

/** The events of the history, oldest first. */
export const events = async ({ store }: Under): Promise<string[]> =>
  (await store.listAudit({})).map(({ event }) => event).toReversed();
