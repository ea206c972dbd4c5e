/**
 * Servers in a process of their own, with short time limits and a clock that stands still, so that nothing is tried again by
 * itself. Arguments: their configurations as JSON, and the time limits as JSON. A message with a number moves the clock so many
 * milliseconds ahead; `reload` loads the configurations again, which starts the jobs that are due; any other message ends the servers.
 */
import { on } from 'node:events';
import { type StartOptions, startServer } from '../../src/app/configured-server.ts';

const [configs = '[]', times = '{}'] = process.argv.slice(2);
let now = Date.now();
const clock = (): Date => new Date(now);
const limits = JSON.parse(times) as Pick<StartOptions, 'intuneTimes' | 'watchEvery'>;
const start = (config: string) => startServer(config, { logLevel: 'info', clock, ...limits });
const servers = await Promise.all((JSON.parse(configs) as string[]).map(start));
process.send!(servers.map(({ urls, adminUrl }) => ({ url: urls[0], adminUrl })));
for await (const [message] of on(process, 'message') as AsyncIterable<[unknown]>)
  if (typeof message === 'number') now += message;
  else if (message === 'reload') await Promise.all(servers.map((server) => server.reload()));
  else break;
await Promise.all(servers.map((server) => server.close()));
process.disconnect();
