/** Every action, in one table: the API, the pages and the matrix of permissions are made from it. */
import type { AnyAction } from './action.ts';
import { AUDIT_ACTIONS } from './audit-actions.ts';
import { AUTHORITY_ACTIONS } from './authority-actions.ts';
import { BLOCK_ACTIONS } from './block-actions.ts';
import { CERTIFICATE_ACTIONS } from './certificate-actions.ts';
import { ENDPOINT_ACTIONS } from './endpoint-actions.ts';
import { CONDITION_ACTIONS } from './condition-actions.ts';
import { OVERVIEW_ACTIONS } from './overview-actions.ts';
import { ORDER_ACTIONS } from './order-actions.ts';
import { PASSWORD_ACTIONS } from './password-actions.ts';
import { REQUEST_ACTIONS } from './request-actions.ts';
import { REVOCATION_ACTIONS } from './revocation-actions.ts';
import { MESSAGE_ACTIONS } from './message-actions.ts';
import { proposalActions } from './proposal-actions.ts';
import { TENANT_ACTIONS } from './tenant-actions.ts';
import { TRACE_ACTIONS } from './trace-actions.ts';
import { USER_KEY_ACTIONS } from './user-key-actions.ts';
import { USER_KEY_CHANGES } from './user-key-changes.ts';

/** Those that a second person can confirm. */
const PROPOSABLE: readonly AnyAction[] = [
  ...CERTIFICATE_ACTIONS,
  ...REVOCATION_ACTIONS,
  ...BLOCK_ACTIONS,
  ...AUTHORITY_ACTIONS,
  ...ORDER_ACTIONS,
  ...TENANT_ACTIONS,
  ...TRACE_ACTIONS,
  ...ENDPOINT_ACTIONS,
  ...OVERVIEW_ACTIONS,
  ...CONDITION_ACTIONS,
  ...REQUEST_ACTIONS,
  ...PASSWORD_ACTIONS,
  ...AUDIT_ACTIONS,
  ...MESSAGE_ACTIONS,
  ...USER_KEY_ACTIONS,
  ...USER_KEY_CHANGES,
];

/** In the order of the documentation of the API. */
export const ACTIONS: readonly AnyAction[] = [
  ...PROPOSABLE,
  ...proposalActions((name) => PROPOSABLE.find((each) => each.name === name)),
];

/** The action of this name. Throws RangeError when there is none. */
export function actionNamed(name: string): AnyAction {
  const found = ACTIONS.find((each) => each.name === name);
  if (!found) throw new RangeError(`There is no action ${name}.`);
  return found;
}
