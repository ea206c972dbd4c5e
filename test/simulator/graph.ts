/** Calls to the simulated Graph with the permissions that a test grants. */
import type { TestContext } from 'node:test';
import { startTenant, type Reply } from './tenant.ts';

export type Row = Record<string, unknown> & { id: string; '@removed'?: { reason: string } };
export type Page = { value: Row[]; '@odata.nextLink'?: string; '@odata.deltaLink'?: string };

/** A tenant whose app has these permissions for Graph beside that for the look-up of services. `list` follows the links to the last page. */
export async function withGraph(t: TestContext, ...roles: string[]) {
  const tenant = await startTenant(t);
  const { simulator, send } = tenant;
  const { graph } = simulator.tenant.cloud;
  simulator.app.setRoles({ graph: ['Application.Read.All', ...roles] });
  const authorization = `Bearer ${await tenant.token(`${graph}/.default`)}`;
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
    send('GET', path.startsWith('https:') ? path : graph + path, { authorization, ...headers });
  const page = async (path: string, headers = {}): Promise<Page> => JSON.parse((await ask(path, headers)).text) as Page;
  const list = async (path: string): Promise<{ rows: Row[]; pages: number; deltaLink: string | undefined }> => {
    const pages: Page[] = [];
    for (let next: string | undefined = path; next; next = pages.at(-1)!['@odata.nextLink'])
      pages.push(await page(next));
    return {
      rows: pages.flatMap(({ value }) => value),
      pages: pages.length,
      deltaLink: pages.at(-1)!['@odata.deltaLink'],
    };
  };
  return { ...tenant, ask, page, list };
}
