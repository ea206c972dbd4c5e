/** Keys of people, such as S/MIME: what there is of a user, and what became of each key. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import { PFX_PURPOSES } from '../core/imported-pfx.ts';
import { USER_KEY_STATES, type UserKey, type UserKeyFilter } from '../core/user-key-store.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { MOMENT } from './certificate-filter.ts';
import { seenTenants, seenUserKey, USER_KEY_ID } from './seen-user-keys.ts';
import { escrowOf, shownEscrow, userKeyRow, userKeyRowOf } from './user-key-view.ts';

/** `user`: a user principal name, whole. `endsBefore`: keys whose certificate ends before it. */
const USER_KEY_FILTER = {
  user: z.string().trim().min(1).max(300).optional(),
  tenant: z.string().min(1).max(100).optional(),
  state: z.enum(USER_KEY_STATES).optional(),
  purpose: z.enum(PFX_PURPOSES).optional(),
  endsBefore: MOMENT.optional(),
  limit: z.number().int().min(1).max(500).default(50),
  cursor: z.string().max(100).optional(),
};

type Asked = z.output<z.ZodObject<typeof USER_KEY_FILTER>>;

/** Actions that read keys of people. */
export const USER_KEY_ACTIONS = [
  action({
    name: 'userKeys.list',
    about: 'The keys that were made or imported for people, oldest first, page by page.',
    permission: 'view',
    route: 'GET /user-keys',
    input: z.object(USER_KEY_FILTER),
    output: z.object({ keys: z.array(userKeyRow), next: z.string().optional() }),
    run: list,
  }),
  action({
    name: 'userKeys.read',
    about:
      'One key of a person, the keys before and after it, and who can open what is in escrow. The key itself is shown to nobody.',
    permission: 'view',
    route: 'GET /user-keys/{id}',
    input: z.object({ id: USER_KEY_ID }),
    output: z.object({ key: userKeyRow, escrow: shownEscrow.optional(), others: z.array(userKeyRow) }),
    run: async (running) => {
      const key = await seenUserKey(running, running.input.id);
      const { tenant, userPrincipalName: user, purpose } = key;
      const all = await running.desk.store.listUserKeys({ tenant, user, purpose, limit: MOST_OTHERS });
      const others = all.filter(({ id }) => id !== key.id).map(userKeyRowOf);
      return { key: userKeyRowOf(key), ...defined({ escrow: escrowOf(key) }), others };
    },
  }),
] as const;

const MOST_OTHERS = 100;

async function list(running: Running<Asked>): Promise<{ keys: ReturnType<typeof userKeyRowOf>[]; next?: string }> {
  const { limit } = running.input;
  const filter = filterOf(running);
  const found = await running.desk.store.listUserKeys({ ...filter, limit: limit + 1 });
  const keys = found.slice(0, limit);
  const last = keys.at(-1);
  return { keys: keys.map(userKeyRowOf), ...(found.length > limit && last && { next: cursorAt(last) }) };
}

function filterOf(running: Running<Asked>): UserKeyFilter {
  const { user, tenant, state, purpose, endsBefore, cursor } = running.input;
  return defined({
    user,
    tenant,
    purpose,
    tenants: seenTenants(running),
    states: state && [state],
    endsBefore: endsBefore === undefined ? undefined : new Date(endsBefore),
    after: cursor === undefined ? undefined : placeOf(cursor),
  });
}

const cursorAt = ({ at, id }: UserKey): string => `${at.getTime()}.${id}`;

function placeOf(cursor: string): Pick<UserKey, 'at' | 'id'> {
  const [, ms, id] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? [];
  if (id !== undefined) return { at: new Date(Number(ms)), id };
  throw new ActionError('invalid', 'cursor: this is no cursor of this list', 'Begin with the first page.');
}
