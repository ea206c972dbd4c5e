/** The store over any open database: reads go straight to it, writes through the group commit. */
import type { Clock } from '../core/environment.ts';
import type { DirectoryStore } from '../core/tenant-directory.ts';
import type {
  AuditStore,
  BackupStore,
  BlockStore,
  CertificateStore,
  ChallengeStore,
  IssuerStore,
  JobStore,
  NotificationStore,
  OldRecordStore,
  RevocationQueue,
  RevocationRequestStore,
  SecretStore,
  SigningStore,
  Store,
  TransactionStore,
} from '../core/store.ts';
import type { AttemptStore } from '../core/attempt-store.ts';
import type { HourCountStore } from '../core/hour-counts.ts';
import type { StoreStanding } from '../core/store-standing.ts';
import { addHourCounts, findHourCounts, removeHourCounts } from './counted-hours.ts';
import type { SearchStore } from '../core/search-store.ts';
import type { AuditChainStore } from '../core/audit-chain.ts';
import type { ConditionStore } from '../core/condition-store.ts';
import type { MessageStore } from '../core/message-store.ts';
import type { PersonStore } from '../core/person.ts';
import { findAttempts, listAttemptNames, recordAttempts } from './recorded-attempts.ts';
import { searchAudit } from './audit-search.ts';
import type { ProposalStore } from '../core/proposal-store.ts';
import type { SessionStore } from '../core/session-store.ts';
import { addAudit, addNamedAudit, listAudit } from './audit.ts';
import { chainAudit } from './linked-entries.ts';
import { chainEnd, listHeads, saveHead } from './audit-heads.ts';
import { erasePerson, previewErasure } from './erased-person.ts';
import { findPerson } from './person-records.ts';
import { beginAgain } from './begin-again.ts';
import { addBlock, findBlock, keyStanding, listBlocks, removeBlock } from './blocks.ts';
import { type GroupCommit, groupCommit } from './batch.ts';
import { countByState, searchCertificates } from './certificate-search.ts';
import { countCertificates, listCertificates } from './listed-certificates.ts';
import { findCertificate, findCertificatesBySerial, findRenewals } from './stored-certificates.ts';
import {
  dueMessages,
  enqueueMessages,
  listMessages,
  messagePlace,
  messageStandings,
  recordDelivery,
  removeMessages,
  retryMessages,
} from './recorded-messages.ts';
import { approvalStanding, countServers, serversOf, listConditions, recordConditions } from './recorded-conditions.ts';
import { addChallenge, findChallenge } from './challenges.ts';
import { type CommittedRows, remember } from './committed-rows.ts';
import { countDirectory, listDirectory, listGone, recordDirectory } from './directory-objects.ts';
import { changeDirectoryStanding, directoryStanding } from './directory-standings.ts';
import { countLive, countMatched, countTaken, takeRevocations } from './directory-revocations.ts';
import { endpointNames } from './endpoint-names.ts';
import type { Engine } from './engine.ts';
import { importCertificate } from './imported-certificates.ts';
import { recordIssued } from './issuance.ts';
import { knownIssuers, liveIssuers, registerIssuer } from './issuers.ts';
import { claimRevocations, postponeRevocation, queueRevocation, revocationDone } from './pending-revocations.ts';
import {
  abandonNotification,
  acknowledgeNotification,
  addNotification,
  claimNotifications,
  postponeNotification,
} from './pending-notifications.ts';
import {
  decidePending,
  forgetRequests,
  countPending,
  listPending,
  postponeIssuance,
  recordPending,
  withdrawPending,
} from './pending.ts';
import { lastBackup, recordBackup } from './last-backup.ts';
import { acceptClock, lastSigned, noteSigning } from './last-signing.ts';
import { agreeOnList, publishList } from './list-numbers.ts';
import { listNotifications, outboxStanding, retryNotifications } from './listed-notifications.ts';
import { claimJob, finishJob, listJobs, renewJob } from './recorded-jobs.ts';
import {
  decideRevocationRequest,
  lastRevocationDownload,
  listRevocationRequests,
  removeRevocationRequests,
  saveRevocationRequests,
} from './downloaded-revocation-requests.ts';
import { listLinks, unchained } from './listed-links.ts';
import { removeAttempts, trimAttempts, trimEndpoints } from './old-attempts.ts';
import { removeOld } from './old-records.ts';
import type { OrderStore } from '../core/order-store.ts';
import {
  addOrder,
  countSent,
  endOrders,
  countOrders,
  listOrders,
  orderStanding,
  removeOrder,
  removeOrders,
} from './recorded-orders.ts';
import { addParts } from './partitions.ts';
import { addProposal, findProposal, listProposals, takeProposal } from './proposals.ts';
import { addShards, listId } from './list-shards.ts';
import { revokeAll } from './revoke-all.ts';
import { revocationStanding } from './revisions.ts';
import { isCompromised, listRevoked, release, revocationStatus, revoke } from './revocations.ts';
import { addSession, endSession, findSession, seeSession, useLoginCode } from './stored-sessions.ts';
import type { Database } from './tables.ts';
import { findPolled, findRequest, findTransaction } from './transactions.ts';
import { beginAnswer, keepAnswer, withdrawAnswer } from './kept-answers.ts';
import type { AnswerStore } from '../core/answer-store.ts';
import { userKeyStandings } from './user-key-notes.ts';
import { keyLinks } from './key-links.ts';
import { userKeys } from './user-keys.ts';
import { readSecret, writeSecret } from './versioned-secrets.ts';

/** What every part of the store is made from. */
type Parts = { db: Database; write: GroupCommit['write']; clock: Clock; committed: CommittedRows };

/** Assembles the store over a database that `migrate` has prepared. `close()` closes the database. */
export function createStore(engine: Engine, clock: Clock): Store {
  engine.useClock?.(clock);
  const { write, end } = groupCommit(engine);
  const parts: Parts = { db: engine.db, write, clock, committed: { endpoints: new Set(), issuers: new Map() } };
  return {
    ...transactions(parts),
    ...certificates(parts),
    ...signing(parts),
    ...notifications(parts),
    ...revocationQueue(parts),
    ...revocationRequests(parts),
    ...blocks(parts),
    ...directories(parts),
    ...challengesAndHistory(parts),
    ...auditChain(parts),
    beginAgain: (audit) => parts.write((tx) => beginAgain(tx, audit)),
    ...people(parts),
    ...attempts(parts),
    ...searches(parts),
    ...(engine.dialect.partitioned !== undefined && { makeRoom: () => addParts(engine) }),
    ...jobs(parts),
    ...secrets(parts),
    ...answers(parts),
    ...orders(parts),
    ...conditions(parts),
    ...logins(parts),
    ...messages(parts),
    ...userKeys(parts.db, parts.write),
    ...userKeyStandings(parts.db, parts.write),
    ...keyLinks(parts, clock),
    storeStanding: () => storeStanding(engine),
    async check() {
      await write((tx) => proveWritable(tx, clock()));
      await engine.proveSpace?.();
    },
    async close() {
      await end();
      await engine.close();
    },
  };
}

const transactions = ({ db, write, clock, committed }: Parts): TransactionStore => ({
  findTransaction: (key) => findTransaction(db, key),
  findRequest: (request, key) => findRequest(db, request, key),
  findPolled: (key) => findPolled(db, key),
  listPending: () => listPending(db),
  countPending: () => countPending(db),
  async recordIssued(issuance) {
    const result = await write((tx) => recordIssued(tx, issuance, { clock, committed }));
    if (result.kind === 'recorded') await remember(db, committed, issuance);
    return result;
  },
  recordPending: (pending) => write((tx) => recordPending(tx, pending)),
  postponeIssuance: (key, issuance, change) =>
    write((tx) => postponeIssuance(tx, key, { ...change, issuance, at: clock() })),
  withdrawPending: (key, gives) => write((tx) => withdrawPending(tx, key, gives)),
  forgetRequests: (before, limit) => write((tx) => forgetRequests(tx, before, limit)),
  decidePending: (key, decision, audit) => write((tx) => decidePending(tx, key, decision, audit)),
});

const certificates = ({ db, write, clock }: Parts): CertificateStore & IssuerStore => ({
  findCertificate: (id) => findCertificate(db, id),
  revocationStatus: (id) => revocationStatus(db, id),
  findCertificatesBySerial: (serial) => findCertificatesBySerial(db, serial),
  findRenewals: (id) => findRenewals(db, id),
  isCompromised: (publicKeyHash) => isCompromised(db, publicKeyHash),
  importCertificate: (entry) => write((tx) => importCertificate(tx, entry)),
  listCertificates: (filter) => listCertificates(db, filter),
  countCertificates: (filter) => countCertificates(db, filter),
  revocationStanding: (issuerId, shard) => revocationStanding(db, issuerId, shard),
  listRevoked: (issuerId, page) => listRevoked(db, issuerId, page),
  agreeOnList: (issuerId, wish, shard) => write((tx) => agreeOnList(tx, listId(issuerId, shard), wish, clock())),
  publishList: (issuerId, number, shard) => write((tx) => publishList(tx, listId(issuerId, shard), number)),
  addShards: (issuerId, shards) => write((tx) => addShards(tx, issuerId, shards)),
  endpointNames: () => endpointNames(db),
  revoke: (id, reason, audit, options) => write((tx) => revoke(tx, id, { reason, audit, ...options })),
  revokeAll: (issuerId, step) => write((tx) => revokeAll(tx, issuerId, step)),
  release: (id, audit, options) => write((tx) => release(tx, id, { audit, ...options })),
  liveIssuers: (at) => liveIssuers(db, at),
  registerIssuer: (issuer) => write(async (tx) => void (await registerIssuer(tx, issuer))),
});

const signing = ({ db, write }: Parts): SigningStore & BackupStore => ({
  recordBackup: (at, audit) => write((tx) => recordBackup(tx, at, audit)),
  lastBackup: () => lastBackup(db),
  lastSigned: () => lastSigned(db),
  noteSigning: (at) => write((tx) => noteSigning(tx, at)),
  acceptClock: (at, audit) => write((tx) => acceptClock(tx, at, audit)),
});

const notifications = ({ db, write, clock }: Parts): NotificationStore => ({
  acknowledgeNotification: (claim, audit) => write((tx) => acknowledgeNotification(tx, claim, audit)),
  postponeNotification: (claim, dueAt, error) => write((tx) => postponeNotification(tx, claim, { dueAt, error })),
  abandonNotification: (claim, audit, options) => write((tx) => abandonNotification(tx, claim, { audit, ...options })),
  recordNotification: (notification) =>
    write(async (tx) => (await addNotification(tx, { notification, mode: 'outbox' }, { at: clock() })).id),
  claimNotifications: (claim) => write((tx) => claimNotifications(tx, claim, clock())),
  listNotifications: (filter) => listNotifications(db, filter),
  retryNotifications: (ids) => write((tx) => retryNotifications(tx, ids, clock())),
  outboxStanding: () => outboxStanding(db),
});

const revocationQueue = ({ write, clock }: Parts): RevocationQueue => ({
  queueRevocation: (revocation, audit) => write((tx) => queueRevocation(tx, revocation, { audit, dueAt: clock() })),
  claimRevocations: (claim) => write((tx) => claimRevocations(tx, claim, clock())),
  revocationDone: (id, fence) => write((tx) => revocationDone(tx, id, fence)),
  postponeRevocation: (id, fence, dueAt, error) =>
    write((tx) => postponeRevocation(tx, { id, fence }, { dueAt, error })),
});

const revocationRequests = ({ db, write }: Parts): RevocationRequestStore => ({
  lastRevocationDownload: (tenant) => lastRevocationDownload(db, tenant),
  saveRevocationRequests: (batch) => write((tx) => saveRevocationRequests(tx, batch)),
  listRevocationRequests: (tenant) => listRevocationRequests(db, tenant),
  decideRevocationRequest: (tenant, requestContext, result) =>
    write((tx) => decideRevocationRequest(tx, { tenant, requestContext }, result)),
  removeRevocationRequests: (tenant, contexts) => write((tx) => removeRevocationRequests(tx, tenant, contexts)),
});

const blocks = ({ db, write }: Parts): BlockStore => ({
  keyStanding: (publicKeyHash) => keyStanding(db, publicKeyHash),
  findBlock: (names) => findBlock(db, names),
  addBlock: (entry, audit) => write((tx) => addBlock(tx, entry, audit)),
  removeBlock: (name, audit) => write((tx) => removeBlock(tx, name, audit)),
  listBlocks: () => listBlocks(db),
});

const directories = ({ db, write }: Parts): DirectoryStore => ({
  directoryStanding: (tenant) => directoryStanding(db, tenant),
  changeDirectoryStanding: (tenant, change, audit) =>
    write((tx) => changeDirectoryStanding(tx, tenant, { change, audit })),
  listDirectory: (tenant, page) => listDirectory(db, tenant, page),
  recordDirectory: (tenant, objects) => write((tx) => recordDirectory(tx, tenant, objects)),
  listGone: (tenant, page) => listGone(db, tenant, page),
  countDirectory: (tenant) => countDirectory(db, tenant),
  takeRevocations: (tenant, ids, bound) => write((tx) => takeRevocations(tx, tenant, { ids, bound })),
  countTaken: (tenant, since) => countTaken(db, tenant, since),
  countLive: (part) => countLive(db, part),
  countMatched: (tenant, live) => countMatched(db, tenant, live),
});

const challengesAndHistory = ({ db, write, clock }: Parts): ChallengeStore & AuditStore & OldRecordStore => ({
  addChallenge: (challenge, most) => write((tx) => addChallenge(tx, challenge, most)),
  findChallenge: (endpoint, password) => findChallenge(db, endpoint, password),
  listAudit: (filter) => listAudit(db, filter),
  addEntry: (entry) => write((tx) => addNamedAudit(tx, entry)),
  removeOld: (page) => removeOld(db, write, page, clock()),
});

const auditChain = ({ db, write }: Parts): AuditChainStore => ({
  chainAudit: (options) => chainAudit(db, write, options),
  chainEnd: () => chainEnd(db),
  listLinks: (page) => listLinks(db, page),
  listHeads: () => listHeads(db),
  saveHead: (head) => write((tx) => saveHead(tx, head)),
  unchained: (limit) => unchained(db, limit),
});

const people = ({ db, write }: Parts): PersonStore => ({
  findPerson: (name) => findPerson(db, name),
  previewErasure: (name, at) => previewErasure(db, name, at),
  erasePerson: (name, audit) => erasePerson(db, write, name, audit),
});

const attempts = ({ db, write }: Parts): AttemptStore & HourCountStore => ({
  recordAttempts: (some, counts = []) =>
    write(async (tx) => {
      await recordAttempts(tx, some);
      await addHourCounts(tx, counts);
    }),
  findHourCounts: (since) => findHourCounts(db, since),
  removeHourCounts: (before) => write((tx) => removeHourCounts(tx, before)),
  findAttempts: (filter) => findAttempts(db, filter),
  listAttemptNames: (beginning, limit) => listAttemptNames(db, beginning, limit),
  trimAttempts: (name, keep) => trimAttempts(db, write, { name, keep }),
  trimEndpoints: (keep) => trimEndpoints(db, write, keep),
  removeAttempts: (before, limit) => removeAttempts(db, write, { before, limit }),
});

const searches = ({ db }: Parts): SearchStore => ({
  searchCertificates: (query, page) => searchCertificates(db, query, page),
  countByState: (query) => countByState(db, query),
  knownIssuers: () => knownIssuers(db),
  searchAudit: (query, page) => searchAudit(db, query, page),
});

const jobs = ({ db, write, clock }: Parts): JobStore => ({
  claimJob: (job) => write((tx) => claimJob(tx, job, clock())),
  renewJob: (job) => write((tx) => renewJob(tx, job, new Date(clock().getTime() + job.leaseMs))),
  finishJob: ({ dueAt, error, ...run }) => write((tx) => finishJob(tx, run, { at: clock(), dueAt, error })),
  listJobs: () => listJobs(db),
});

const secrets = ({ db, write }: Parts): SecretStore => ({
  readSecret: (name) => readSecret(db, name),
  writeSecret: (secret) => write((tx) => writeSecret(tx, secret)),
});

const answers = ({ write, clock }: Parts): AnswerStore => ({
  beginAnswer: (key, begun) => write((tx) => beginAnswer(tx, key, { ...begun, at: clock() })),
  keepAnswer: (key, answer) => write((tx) => keepAnswer(tx, key, answer)),
  withdrawAnswer: (key) => write((tx) => withdrawAnswer(tx, key)),
});

const orders = ({ db, write }: Parts): OrderStore => ({
  addOrder: (order) => write((tx) => addOrder(tx, order)),
  endOrders: (requestKey, outcome, before) => write((tx) => endOrders(tx, requestKey, { outcome, before })),
  countSent: (requestKey) => countSent(db, requestKey),
  listOrders: (page) => listOrders(db, page),
  countOrders: () => countOrders(db),
  orderStanding: (before) => orderStanding(db, before),
  removeOrder: (id, audit) => write((tx) => removeOrder(tx, id, audit)),
  removeOrders: (before) => write((tx) => removeOrders(tx, before)),
});

const conditions = ({ db, write, clock }: Parts): ConditionStore => ({
  recordConditions: (look) => write((tx) => recordConditions(tx, look, clock())),
  listConditions: () => listConditions(db),
  countServers: () => countServers(db),
  approvalStanding: () => approvalStanding(db),
});

const logins = ({ db, write }: Parts): SessionStore & ProposalStore => ({
  addSession: (session, audit, ended) => write((tx) => addSession(tx, session, { audit, ended })),
  findSession: (id) => findSession(db, id),
  seeSession: (id, at) => write((tx) => seeSession(tx, id, at)),
  endSession: (id, audit) => write((tx) => endSession(tx, id, audit)),
  noteFailedLogin: (audit) => write((tx) => addAudit(tx, audit, {})),
  useLoginCode: (user, step) => write((tx) => useLoginCode(tx, user, step)),
  addProposal: (proposal, audit) => write((tx) => addProposal(tx, proposal, audit)),
  listProposals: (at) => listProposals(db, at),
  findProposal: (id) => findProposal(db, id),
  takeProposal: (id, audit) => write((tx) => takeProposal(tx, id, audit)),
});

const messages = ({ db, write, clock }: Parts): MessageStore => ({
  enqueueMessages: (some, place) => write((tx) => enqueueMessages(tx, some, { at: clock(), place })),
  messagePlace: (source) => messagePlace(db, source),
  dueMessages: (limit) => dueMessages(db, limit, clock()),
  recordDelivery: (id, result) => write((tx) => recordDelivery(tx, id, { result, at: clock() })),
  listMessages: (filter) => listMessages(db, filter),
  retryMessages: (ids) => write((tx) => retryMessages(tx, ids, clock())),
  removeMessages: (before, receivers) => write((tx) => removeMessages(tx, before, receivers)),
  messageStandings: () => messageStandings(db),
});

async function storeStanding({ db, dialect }: Engine): Promise<StoreStanding> {
  const { version } = await db.selectFrom('schema_version').select('version').executeTakeFirstOrThrow();
  return { kind: dialect.kind, schema: version, servers: await serversOf(db) };
}

async function proveWritable(tx: Database, at: Date): Promise<void> {
  await tx
    .insertInto('write_check')
    .values({ id: 1, at: at.getTime() })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at: at.getTime() }))
    .execute();
}
