/** Starts the process of a PKCS#11 key, calls it, and ends it. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { type Peer, peer, type Port } from '../threads/peer.ts';
import type { TokenDescription, TokenPlan } from './token-process.ts';
import type { TokenKeyKind } from '../keys/pkcs11/token-key.ts';

/** `description` rejects with ConfigError when the key cannot be opened. `end` kills it, whatever its module is doing. */
export type TokenProcess = {
  description: Promise<TokenDescription>;
  call: Peer['call'];
  end: () => Promise<void>;
};

/** `kind`: the key is made, and not opened. */
export function startTokenProcess(plan: TokenPlan, kind?: TokenKeyKind): TokenProcess {
  // What a module prints is not for our log.
  const child = fork(new URL(`./token-process${extname(import.meta.url)}`, import.meta.url), [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const port: Port = {
    // What cannot be sent any more is answered by the end of the process.
    postMessage: (message) => void child.send(message as object, () => undefined),
    on: (event, listener) => child.on(event, listener as (message: unknown) => void),
  };
  const calls = peer(port, { ready: () => ready.resolve() });
  const over = (how: string): void => {
    const reason = new Error(`the process of the PKCS#11 module ended (${how})`);
    calls.end(reason);
    ready.reject(reason);
    ended.resolve();
  };
  child.once('error', (error) => over(error.message));
  child.once('exit', (code, signal) => over(signal ?? `exit code ${code}`));
  const description = ready.promise.then(
    () => calls.call(kind ? 'make' : 'open', plan, ...(kind ? [kind] : [])) as Promise<TokenDescription>,
  );
  // Who waits for it sees it too.
  description.catch(() => undefined);
  return {
    description,
    call: calls.call,
    end() {
      child.kill('SIGKILL');
      return ended.promise;
    },
  };
}
