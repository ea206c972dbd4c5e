/** A key of a person that an operator revokes: its certificate, and what Intune has of it. What is in escrow stays. */
import { z } from 'zod';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { entriesOf, workOn } from './asked-user-key.ts';
import { asksSecond } from './lone-revocations.ts';
import { FINAL, WHY } from './revocation-actions.ts';
import { seenUserKey, USER_KEY_ID } from './seen-user-keys.ts';
import { byCaller, tellRevoked } from './told-revocations.ts';
import { userKeyRow, userKeyRowOf } from './user-key-view.ts';

const INPUT = z.object({ id: USER_KEY_ID, reason: FINAL.default('unspecified'), why: WHY });

/** The action. */
export const USER_KEY_REVOCATION = action({
  name: 'userKeys.revoke',
  about:
    'Revokes the certificate of a key, and deletes the key in Intune: devices lose it. What is in escrow stays. One that is wanted or has failed is ended.',
  permission: 'operate',
  route: 'POST /user-keys/{id}/revoke',
  input: INPUT,
  output: z.object({ key: userKeyRow }),
  needsTwo: async (running) => {
    const { certificate } = await seenUserKey(running, running.input.id);
    return asksSecond(byCaller(running), certificate ? 1 : 0);
  },
  run: revoked,
});

async function revoked(running: Running<z.output<typeof INPUT>>): Promise<{ key: z.output<typeof userKeyRow> }> {
  const { id, reason, why } = running.input;
  const key = await seenUserKey(running, id);
  const work = workOn(running, key);
  if (key.state === 'ended') throw new ActionError('conflict', 'this key has ended already');
  if (key.state === 'issued')
    throw new ActionError('conflict', 'this key is being imported', 'Revoke it when it is imported or has failed.');
  const asked = { reason, ...(why && { why }), entryOf: entriesOf(running, work) };
  const result = await work.revoke(key, asked, running.caller).catch(unfinished);
  if (result === 'left') throw new ActionError('conflict', 'this key was changed meanwhile', 'Revoke it again.');
  if (key.certificate) tellRevoked(running, { number: 1, reason });
  return { key: userKeyRowOf(await seenUserKey(running, id)) };
}

/** The certificate is revoked first. */
function unfinished(error: unknown): never {
  const what = error instanceof Error ? error.message : String(error);
  throw new ActionError(
    'unavailable',
    `Intune may still have the key: ${what}`,
    'Its certificate is revoked. Revoke the key again when Microsoft Graph answers; what is done already is not done twice.',
  );
}
