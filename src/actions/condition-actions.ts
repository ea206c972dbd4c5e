/** What is wrong now, and since when. */
import { z } from 'zod';
import type { Belonging, Reach } from '../core/access.ts';
import type { Condition } from '../core/condition.ts';
import { action, type Desk } from './action.ts';

const condition = z.object({
  id: z.string(),
  kind: z.string(),
  severity: z.enum(['warning', 'error']),
  what: z.string(),
  remedy: z.string(),
  page: z.string().describe('a file of the documentation, and a place in it'),
  since: z.iso.datetime(),
  subject: z
    .object({ kind: z.enum(['tenant', 'authority', 'endpoint', 'job', 'server']), name: z.string() })
    .optional(),
});

/** Actions on conditions: all of them read. What belongs to no place is seen by those whose role has no limit. */
export const CONDITION_ACTIONS = [
  action({
    name: 'conditions.list',
    about: 'What is wrong now, since when, and what to do: the errors first.',
    permission: 'view',
    route: 'GET /conditions',
    input: z.object({}),
    output: z.object({ conditions: z.array(condition), checkedAt: z.iso.datetime().optional() }),
    run: async ({ desk, reach }) => {
      const { open, checkedAt } = await standing(desk);
      const conditions = open.filter((each) => isCovered(reach, each)).map(shown);
      return { conditions, ...(checkedAt && { checkedAt: checkedAt.toISOString() }) };
    },
  }),
] as const;

/** On the command line as the store has it. */
const standing = ({ conditions, store }: Desk): ReturnType<Desk['store']['listConditions']> =>
  conditions ? conditions() : store.listConditions();

const isCovered = (reach: Reach, { subject }: Condition): boolean =>
  reach.everywhere || (subject !== undefined && reach.covers({ [subject.kind]: subject.name } satisfies Belonging));

const shown = ({ since, ...rest }: Condition) => ({ ...rest, since: since.toISOString() });
