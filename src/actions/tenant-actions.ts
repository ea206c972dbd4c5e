/** The Intune tenants: what their tokens permit, when their credential ends, what waits and how the last calls ended. */
import { z } from 'zod';
import { action } from './action.ts';
import { isSeen, ofServer, seenEndpoints } from './seen-places.ts';
import { tenantView } from './tenant-view.ts';

/** Actions on tenants: all of them read. */
export const TENANT_ACTIONS = [
  action({
    name: 'tenants.list',
    about:
      'The tenants with the permissions in their tokens, the end of the credential, the outbox and the last calls.',
    permission: 'view',
    route: 'GET /tenants',
    input: z.object({}),
    output: z.object({ tenants: z.array(tenantView) }),
    run: async ({ desk, reach }) => {
      const all = await ofServer(desk.tenants).list();
      const seen = all.filter((each) => isSeen(reach, each));
      return { tenants: seen.map((each) => ({ ...each.view, endpoints: seenEndpoints(reach, each) })) };
    },
  }),
] as const;
