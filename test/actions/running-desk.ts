/** The desk of a started server, and callers with one role. */
import { type Caller, type Desk, perform } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import { startServer } from '../../src/app/configured-server.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { atEnd } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';

/** A server on these sections, which ends with the tests of the file. `url` is that of an endpoint. */
export async function runningDesk(sections: Readonly<Record<string, unknown>>) {
  const config = configured(sections);
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 50 });
  atEnd(() => server.close());
  const { origin } = new URL(server.urls[0]!);
  return { server, config, desk: () => server.desk(), url: (path: string) => origin + path };
}

export const callerWith = (...grants: RoleGrant[]): Caller => ({
  actor: { kind: 'person', name: 'ada' },
  source: 'page',
  grants,
});

/** What the action returns. It is parsed with its own schema: what that does not know would not reach anybody. */
export async function done<O = Record<string, unknown>>(
  name: string,
  { desk, grant, sent = {} }: { desk: Desk; grant: RoleGrant; sent?: object },
): Promise<O> {
  const action = actionNamed(name);
  const performed = await perform(action, { desk, caller: callerWith(grant), sent });
  if (performed.kind !== 'done') throw new Error('proposed');
  return action.output.parse(performed.output) as O;
}
