/** How a program of the administrator issues certificates: what the configuration says of it. */
import type { CommandOperation } from '../../core/command-operations.ts';

/** The program and what it declares. */
export type CommandSettings = {
  /** The program by its absolute path, then its arguments, as they are: no shell reads them. */
  argv: readonly string[];
  /** The variables of its environment, besides `PATH` and `LC_ALL`. Their values may be secrets. */
  environment: Readonly<Record<string, string>>;
  /** Milliseconds for one call. Then it is killed, with what it started. */
  timeout: number;
  /** How many run at once; the next ones wait. */
  mostRunning: number;
  operations: readonly CommandOperation[];
  /** What the program calls the CA, such as `ca1.example.com\Example CA`; handed over as `ca`. */
  ca?: string;
  /** Values that the program gets with each order as `parameters`, such as the name of a template. No secrets. */
  parameters: Readonly<Record<string, string>>;
};

/** One call of the program. */
export type CommandCall = {
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** For its standard input. */
  input: string;
};

/** `ended`: by itself; `code` is undefined when a signal ended it. `stderr`: the last of what it said there. */
export type CommandEnd =
  | { kind: 'ended'; code: number | undefined; stdout: Uint8Array; stderr: string }
  | { kind: 'not-started'; why: string }
  | { kind: 'too-much' };

/** Runs a program. Rejects with the reason of the signal, after the program and what it started were killed. */
export type RunCommand = (call: CommandCall, signal: AbortSignal) => Promise<CommandEnd>;
