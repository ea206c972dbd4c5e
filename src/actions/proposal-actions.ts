/** What waits for a second person. */
import { z } from 'zod';
import { PERMISSIONS, type Reach } from '../core/access.ts';
import type { StoredProposal } from '../core/proposal-store.ts';
import { action, type AnyAction } from './action.ts';
import { ActionError } from './action-error.ts';
import { COMMAND_ACTION } from './command-proposal.ts';
import { confirmable, gone, runProposed, withdraw } from './two-persons.ts';

const proposal = z.object({
  id: z.string(),
  action: z.string(),
  input: z.unknown(),
  by: z.string(),
  source: z.string(),
  at: z.iso.datetime(),
  until: z.iso.datetime(),
});

const ID = z.object({ id: z.string().regex(/^[0-9a-f]{10}$/) });

/** `named`: the actions that can be proposed. */
export const proposalActions = (named: (name: string) => AnyAction | undefined) =>
  [
    action({
      name: 'proposals.list',
      about: 'What waits for a second person, and who proposed it.',
      permission: 'view',
      route: 'GET /proposals',
      input: z.object({}),
      output: z.object({ proposals: z.array(proposal) }),
      run: async ({ desk, reach }) => {
        const all = await desk.store.listProposals(desk.clock());
        return { proposals: all.filter((each) => isSeen(reach, each)).map(shown) };
      },
    }),
    action({
      name: 'proposals.confirm',
      about:
        'Does what another person proposed. Both need the permission of the action, and it is done where both have it.',
      permission: 'operate',
      route: 'POST /proposals/{id}/confirm',
      input: ID,
      output: z.object({ action: z.string(), result: z.unknown() }),
      run: async ({ desk, caller, input: { id } }) => {
        const found = await confirmable(desk, id, caller);
        const proposed = named(found.action);
        if (!proposed) throw atCommandLine(found);
        const { secondPerson: _, ...alone } = desk;
        return { action: found.action, result: await runProposed(proposed, { desk: alone, proposal: found, caller }) };
      },
    }),
    action({
      name: 'proposals.withdraw',
      about: 'Takes a proposal back.',
      permission: 'operate',
      route: 'DELETE /proposals/{id}',
      input: ID,
      output: z.object({}),
      run: async ({ desk, caller, reach, input: { id } }) => {
        const found = await desk.store.findProposal(id);
        if (!found || !isSeen(reach, found)) throw gone();
        await withdraw(desk, found, caller);
        return {};
      },
    }),
  ] as const;

/** Who is limited to some places sees what somebody proposed who may operate in one of them, and not everywhere. */
const isSeen = (reach: Reach, { grants }: StoredProposal): boolean =>
  reach.everywhere ||
  grants.some(
    ({ role, endpoints = [], authorities = [], tenants = [] }) =>
      PERMISSIONS[role].includes('operate') &&
      [
        ...endpoints.map((endpoint) => ({ endpoint })),
        ...authorities.map((authority) => ({ authority })),
        ...tenants.map((tenant) => ({ tenant })),
      ].some((place) => reach.covers(place)),
  );

const shown = ({ by, at, until, grants: _grants, ...rest }: StoredProposal) => ({
  ...rest,
  by: by.name ?? by.kind,
  at: at.toISOString(),
  until: until.toISOString(),
});

const atCommandLine = ({ id, action: name }: StoredProposal): ActionError =>
  name === COMMAND_ACTION
    ? new ActionError(
        'conflict',
        'a command was proposed',
        `Confirm it at the server: openndes proposals confirm ${id}`,
      )
    : new ActionError(
        'conflict',
        `this version has no action ${name}`,
        'Confirm it at the server that it was made at.',
      );
