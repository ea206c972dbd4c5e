/** The block list: what gets no certificate, whatever the policy says. */
import { z } from 'zod';
import type { BlockEntry, BlockName } from '../core/records.ts';
import { addBlock, blockName, listBlocks, removeBlock } from '../manage/block-list.ts';
import { action, type Desk, type Running } from './action.ts';
import { ActionError } from './action-error.ts';

const entry = z.object({
  name: z.string(),
  at: z.iso.datetime(),
  by: z.string(),
  comment: z.string().optional(),
});

const NAME = z.string().min(1).max(600);

/** Actions on the block list, which holds for all endpoints: who is limited to some of them may read it only. */
export const BLOCK_ACTIONS = [
  action({
    name: 'blocks.list',
    about: 'The block list, with who added each entry, when and why.',
    permission: 'view',
    route: 'GET /blocks',
    input: z.object({}),
    output: z.object({ blocks: z.array(entry) }),
    run: async ({ desk }) => ({ blocks: (await listBlocks(desk)).map(shown) }),
  }),
  action({
    name: 'blocks.add',
    about: 'Blocks a device, a user, a subject, a key or a certificate; what was issued stays valid.',
    permission: 'operate',
    route: 'POST /blocks',
    input: z.object({ name: NAME, comment: z.string().max(500).optional() }),
    output: z.object({ added: z.boolean() }),
    run: async (running) => {
      const { name, comment } = running.input;
      return { added: await addBlock(byCaller(running), readName(name), comment === undefined ? {} : { comment }) };
    },
  }),
  action({
    name: 'blocks.remove',
    about: 'Takes an entry out of the block list.',
    permission: 'operate',
    route: 'DELETE /blocks/{name}',
    input: z.object({ name: NAME }),
    output: z.object({}),
    run: async (running) => {
      if (await removeBlock(byCaller(running), readName(running.input.name))) return {};
      throw new ActionError('not_found', 'the block list has no such entry');
    },
  }),
] as const;

const shown = ({ at, ...rest }: BlockEntry) => ({ ...rest, at: at.toISOString() });

/** The use case on behalf of the caller. Throws ActionError for one who is limited to some places. */
function byCaller({ desk, caller, reach }: Running<unknown>): Desk & Pick<typeof caller, 'actor' | 'source'> {
  if (reach.everywhere) return { ...desk, actor: caller.actor, source: caller.source };
  throw new ActionError('forbidden', 'the block list holds for all endpoints, and your role is limited to some');
}

function readName(text: string): BlockName {
  const name = blockName(text);
  if (name) return name;
  throw new ActionError(
    'invalid',
    'no name of the block list',
    'Write device:ID, user:UPN, subject:CN=…, key:SHA256 or serial:SERIAL.',
  );
}
