/** What operators do about keys of people: ask for one, for a successor, and for a comparison with Intune. The server's job makes keys. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import { action } from './action.ts';
import { ActionError } from './action-error.ts';
import { assertNewest, want, wantedKey, workFor } from './asked-user-key.ts';
import { USER_KEY_REVOCATION } from './revoked-user-key.ts';
import { seenUserKey, USER_KEY_ID } from './seen-user-keys.ts';
import { TIME } from './shown-certificate.ts';
import type { UserKeyWork } from './user-key-source.ts';
import { userKeyRow, userKeyRowOf } from './user-key-view.ts';

/** What keys are made for. */
export const MADE_PURPOSES = ['smimeEncryption', 'smimeSigning'] as const;

const USER = z
  .string()
  .trim()
  .max(300)
  .regex(/^[^@\s]+@[^@\s]+$/, 'this is no user principal name such as jane@contoso.example');

/** What Intune lists, as far as Graph tells it. */
const listedKey = z.object({
  id: z.string(),
  user: z.string(),
  purpose: z.string(),
  thumbprint: z.string(),
  ends: TIME,
  importedAt: TIME,
});

/** So many of those that differ are named. */
const NAMED = 100;

/** Actions that ask the server for work on keys of people. */
export const USER_KEY_CHANGES = [
  action({
    name: 'userKeys.issue',
    about: 'Asks for a key for a user. The server makes it and imports it into Intune within minutes.',
    permission: 'operate',
    route: 'POST /user-keys',
    input: z.object({ user: USER, purpose: z.enum(MADE_PURPOSES).default('smimeEncryption') }),
    output: wantedKey,
    run: (running) => want(running, { userPrincipalName: running.input.user, purpose: running.input.purpose }),
  }),
  action({
    name: 'userKeys.renew',
    about: 'Asks for a successor of a key now. Intune keeps the earlier one until its time is over.',
    permission: 'operate',
    route: 'POST /user-keys/{id}/renew',
    input: z.object({ id: USER_KEY_ID }),
    output: wantedKey,
    run: async (running) => {
      const key = await seenUserKey(running, running.input.id);
      await assertNewest(running, key);
      const { id: renews, userPrincipalName, userId, purpose } = key;
      return want(running, { renews, userPrincipalName, purpose, ...defined({ userId }) });
    },
  }),
  action({
    name: 'userKeys.reconcile',
    about:
      'Compares the keys that Intune lists with those of the store, and changes nothing. It asks Graph for a minute at most.',
    permission: 'operate',
    route: 'GET /reconciliations/user-keys',
    input: z.object({}),
    output: z.object({
      same: z.number().int(),
      onlyIntune: z.object({ number: z.number().int(), first: z.array(listedKey) }),
      onlyStore: z.object({ number: z.number().int(), first: z.array(userKeyRow) }),
    }),
    run: async (running) => {
      const { same, unknown, missing } = await workFor(running).reconcile().catch(unanswered);
      return {
        same,
        onlyIntune: { number: unknown.length, first: unknown.slice(0, NAMED).map(listed) },
        onlyStore: { number: missing.length, first: missing.slice(0, NAMED).map(userKeyRowOf) },
      };
    },
  }),
  USER_KEY_REVOCATION,
] as const;

type Listed = Awaited<ReturnType<UserKeyWork['reconcile']>>['unknown'][number];

const listed = ({ id, userPrincipalName: user, purpose, thumbprint, ends, created }: Listed) => ({
  id,
  user,
  purpose,
  thumbprint,
  ends: ends.toISOString(),
  importedAt: created.toISOString(),
});

function unanswered(error: unknown): never {
  const remedy =
    error instanceof Error && 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : undefined;
  const what = error instanceof Error ? error.message : String(error);
  throw new ActionError('unavailable', `Microsoft Graph gave no answer that can be used: ${what}`, remedy);
}
