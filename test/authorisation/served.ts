/** A server in a process of its own, so that it has a core of its own. Argument: its configuration. Ends when it is told to. */
import { once } from 'node:events';
import { startServer } from '../../src/app/configured-server.ts';

const server = await startServer(process.argv[2]!, { logLevel: 'info' });
process.send!(server.urls[0]);
await once(process, 'message');
await server.close();
process.disconnect();
