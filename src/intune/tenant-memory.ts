/** What a client remembers of a tenant to show it: the roles in its tokens, and how the last calls ended. Nothing secret. */
import type { Clock } from '../core/environment.ts';
import { defined } from '../core/defined.ts';
import type { HttpsCall, HttpsExchange } from './https-exchange.ts';
import type { FetchToken } from './kept-tokens.ts';
import { rolesIn } from './tenant-check.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

/** One exchange. `result`: `HTTP 200`, the code that Intune answered, or what went wrong. `ms`: how long it took. */
export type LastCall = {
  at: Date;
  hop: IntuneHop;
  host: string;
  result: string;
  ms: number;
  clientRequestId?: string;
};

/** The roles in the last token for a resource, and when that came; `roles` is absent when the token cannot be read. */
export type SeenRoles = { at: Date; roles?: readonly string[] };

/** The newest call first. `roles` by the name that `noting` was given. */
export type SeenTenant = { calls: readonly LastCall[]; roles: ReadonlyMap<string, SeenRoles> };

/** What is put around the exchange and the tokens of a client. */
export type TenantMemory = {
  noted: (exchange: HttpsExchange) => HttpsExchange;
  noting: (name: string, fetch: FetchToken) => FetchToken;
  /** The code of the answer in the reply to the call of this id. */
  answered: (answer: { clientRequestId: string; code: string }) => void;
  seen: () => SeenTenant;
};

/** Calls that are remembered, the last ones. */
const MOST_CALLS = 20;

/** Remembers nothing yet. */
export function tenantMemory(clock: Clock): TenantMemory {
  const calls: LastCall[] = [];
  const roles = new Map<string, SeenRoles>();
  const note = (call: HttpsCall, at: Date, result: string): void => {
    const { hop, url, clientRequestId } = call;
    const ms = Math.max(0, clock().getTime() - at.getTime());
    calls.unshift({ at, hop, host: new URL(url).host, result, ms, ...defined({ clientRequestId }) });
    calls.splice(MOST_CALLS);
  };
  return {
    noted: (exchange) => async (call, signal) => {
      const at = clock();
      try {
        const reply = await exchange(call, signal);
        note(call, at, `HTTP ${reply.status}`);
        return reply;
      } catch (error) {
        note(call, at, error instanceof IntuneUnreachable ? error.what : 'given up: its time was over');
        throw error;
      }
    },
    noting: (name, fetch) => async (signal) => {
      const token = await fetch(signal);
      const found = rolesIn(token.token)?.filter((role) => typeof role === 'string');
      roles.set(name, { at: clock(), ...(found && { roles: found }) });
      return token;
    },
    answered({ clientRequestId, code }) {
      const call = calls.find((each) => each.clientRequestId === clientRequestId);
      if (call) call.result = code;
    },
    seen: () => ({ calls: calls.map((each) => ({ ...each })), roles: new Map(roles) }),
  };
}
