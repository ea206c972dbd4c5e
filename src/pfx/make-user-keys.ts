/**
 * Makes the keys that are wanted: look up the user, make the key, have it certified, import it. The key is in memory only. When
 * the process is killed, what it left is found by the state of the row: a certificate without an import is revoked, and a new key is made.
 */
import { HOUR, MINUTE } from '../core/durations.ts';
import { importedPfxId, type PfxImport, type UserOfDirectory } from '../core/imported-pfx.ts';
import type { UserKey } from '../core/user-key-store.ts';
import { escrowText } from './escrow-text.ts';
import { TemplateError } from './template-variables.ts';
import {
  type CertifiedUserKey,
  canSucceedLater,
  eachUserKey,
  faultText,
  transactionOfKey,
} from './user-key-services.ts';
import type { UserKeyServices } from './user-key-services.ts';
import { type FinishedPfx, finishUserPfx, startUserPfx, type UserPurpose } from './user-pfx.ts';

/** What became of the keys that were due. `later`: they are tried again. */
export type MadeKeys = { imported: number; failed: number; later: number };

/**
 * Works on every key that is due, one after the other; after `until` it begins no other. What fails is noted with the key; throws the signal's
 * reason on abort, and what the store throws.
 */
export async function makeUserKeys(services: UserKeyServices, signal: AbortSignal, until?: Date): Promise<MadeKeys> {
  const { store, tenant, clock } = services;
  const made: MadeKeys = { imported: 0, failed: 0, later: 0 };
  const due = { tenant, states: ['wanted', 'issued'], dueBy: clock() } as const;
  for await (const key of eachUserKey(store, due)) {
    signal.throwIfAborted();
    if (until && clock() >= until) break;
    made[await worked(key, services, signal)]++;
  }
  return made;
}

async function worked(key: UserKey, services: UserKeyServices, signal: AbortSignal): Promise<keyof MadeKeys> {
  try {
    const wanted = key.state === 'issued' ? await takenUp(key, services, signal) : key;
    if (wanted) await madeAndImported(wanted, services, signal);
    return 'imported';
  } catch (error) {
    signal.throwIfAborted();
    return noteFault(key, error, services);
  }
}

/** Longest wait between two attempts. */
const LONGEST = 6 * HOUR;

/** The state is read again: the key may be issued by now. An attempt counts once, also when it was counted before the order. */
async function noteFault(
  { id, tries: before }: UserKey,
  error: unknown,
  { store, clock }: UserKeyServices,
): Promise<keyof MadeKeys> {
  const key = await store.findUserKey(id);
  if (!key || (key.state !== 'wanted' && key.state !== 'issued')) return 'failed';
  const tries = before + 1;
  const isLater = canSucceedLater(error) || key.state === 'issued';
  const wait = Math.min(MINUTE * 2 ** Math.min(tries, 10), LONGEST);
  const dueAt = new Date(clock().getTime() + (isLater ? wait : 0));
  const fault = faultText(error);
  await store.changeUserKey(id, key.state, { tries, fault, dueAt, ...(!isLater && { state: 'failed' }) });
  return isLater ? 'later' : 'failed';
}

/** A fault that is final. */
class FinalFault extends Error {
  readonly retryable = false;
}

/**
 * For a key whose process ended after its certificate was made. Undefined when Graph has it: then only the answer was lost. Otherwise nobody
 * has the key, its certificate is revoked, and the key is wanted again.
 */
async function takenUp(key: UserKey, services: UserKeyServices, signal: AbortSignal): Promise<UserKey | undefined> {
  const { store, imports, clock } = services;
  const { id, userId = '', thumbprint = '' } = key;
  if (await imports.get(importedPfxId(userId, thumbprint), signal)) {
    await store.changeUserKey(id, 'issued', { state: 'imported', tries: 0, fault: null, dueAt: clock() });
    return undefined;
  }
  await revokeLeft(key, services);
  const nothing = { certificate: null, thumbprint: null, starts: null, ends: null, escrow: null };
  await store.changeUserKey(id, 'issued', { state: 'wanted', ...nothing });
  return store.findUserKey(id);
}

async function revokeLeft(key: UserKey, { certified, revoke }: UserKeyServices): Promise<void> {
  for (const id of await certified(transactionOfKey(key)))
    await revoke(id, 'cessationOfOperation', 'the key of this certificate was never imported, and nobody has it');
}

async function madeAndImported(key: UserKey, services: UserKeyServices, signal: AbortSignal): Promise<void> {
  const { store, plan } = services;
  const user = await presentUser(key, services, signal);
  if (key.tries > 0) await revokeLeft(key, services);
  // Before the order: after a crash the next attempt looks for what this one has left.
  await store.changeUserKey(key.id, 'wanted', { tries: key.tries + 1, userId: user.id });
  const started = await startUserPfx(user, plan, signal).catch((error: unknown) => {
    throw error instanceof TemplateError ? new FinalFault(error.message) : error;
  });
  const certified = await services.certify(started.csr, transactionOfKey(key), signal);
  const finished = finishUserPfx(started, certified, plan, optionsOf(key, user, services));
  await noteIssued(key, { certified, finished }, services);
  await imported({ ...key, userId: user.id }, finished, services, signal);
}

async function presentUser(key: UserKey, { imports }: UserKeyServices, signal: AbortSignal): Promise<UserOfDirectory> {
  const user = await imports.user(key.userId ?? key.userPrincipalName, signal);
  if (!user) throw new FinalFault(`the directory has no user ${key.userPrincipalName}`);
  if (!user.isEnabled) throw new FinalFault(`the account of ${key.userPrincipalName} is disabled`);
  return user;
}

const optionsOf = (key: UserKey, user: UserOfDirectory, { random }: UserKeyServices) => ({
  purpose: purposeOf(key),
  friendlyName: `${user.userPrincipalName} ${key.purpose}`,
  random,
});

/** Keys are made for S/MIME alone. */
function purposeOf({ purpose }: UserKey): UserPurpose {
  if (purpose === 'smimeEncryption' || purpose === 'smimeSigning') return purpose;
  throw new FinalFault(`no key is made for the purpose ${purpose}`);
}

type Issued = { certified: CertifiedUserKey; finished: FinishedPfx };

async function noteIssued(key: UserKey, { certified, finished }: Issued, { store, revoke }: UserKeyServices) {
  const { thumbprint, starts, ends, escrow } = finished;
  const noted = await store.changeUserKey(key.id, 'wanted', {
    state: 'issued',
    certificate: certified.id,
    thumbprint,
    starts,
    ends,
    ...(escrow && { escrow: escrowText(escrow) }),
  });
  if (noted) return;
  await revoke(certified.id, 'cessationOfOperation', 'the key was withdrawn while it was made');
  throw new FinalFault('the key was withdrawn while it was made');
}

async function imported(key: UserKey, finished: FinishedPfx, services: UserKeyServices, signal: AbortSignal) {
  const { store, imports, clock } = services;
  try {
    await imports.create(key.userId ?? '', importOf(key, finished, services), signal);
  } catch (error) {
    if (canSucceedLater(error)) throw error;
    await revokeLeft(key, services);
    await store.changeUserKey(key.id, 'issued', { state: 'failed', fault: faultText(error), dueAt: clock() });
    throw error;
  }
  await store.changeUserKey(key.id, 'issued', { state: 'imported', tries: 0, fault: null, dueAt: clock() });
}

function importOf(key: UserKey, finished: FinishedPfx, { plan, connectorNames }: UserKeyServices): PfxImport {
  const { thumbprint, starts, ends, file, sealedPassword } = finished;
  if (sealedPassword === undefined || !plan.connector) throw new FinalFault('`pfx.connector` is not configured');
  return {
    thumbprint,
    purpose: key.purpose,
    userPrincipalName: key.userPrincipalName,
    starts,
    ends,
    providerName: connectorNames.provider,
    keyName: connectorNames.keyName,
    paddingScheme: plan.connector.scheme,
    file,
    sealedPassword,
  };
}
