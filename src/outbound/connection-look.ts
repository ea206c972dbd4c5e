/** Whether a server accepts a connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkFault } from './network-errors.ts';

/** Why there is no connection to the host and the port of this http or https URL: a code. Undefined when there is one. */
export async function connectionFault(
  { hostname, port, protocol }: URL,
  signal: AbortSignal,
): Promise<string | undefined> {
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  });
  try {
    await once(socket, 'connect', { signal });
    return undefined;
  } catch (error) {
    return signal.aborted ? 'ETIMEDOUT' : networkFault(error).code;
  } finally {
    socket.destroy();
  }
}
