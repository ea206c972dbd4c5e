/**
 * A server in a process of its own, with short time limits and a clock that stands still, so that nothing is tried again by
 * itself. Arguments: its configuration, and the time limits as JSON. A message with a number moves the clock so many
 * milliseconds ahead; any other message ends the server.
 */
import { once } from 'node:events';
import { type StartOptions, startServer } from '../../src/app/configured-server.ts';

const [config = '', times = '{}'] = process.argv.slice(2);
let now = Date.now();
const clock = (): Date => new Date(now);
const limits = JSON.parse(times) as Pick<StartOptions, 'intuneTimes' | 'watchEvery'>;
const server = await startServer(config, { logLevel: 'info', clock, ...limits });
process.send!({ url: server.urls[0], adminUrl: server.adminUrl });
for (;;) {
  const [message] = (await once(process, 'message')) as [unknown];
  if (typeof message !== 'number') break;
  now += message;
}
await server.close();
process.disconnect();
