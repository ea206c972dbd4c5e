/** test/conformance/interop.jsonl: when the real clients ran last, in which versions, and what came of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Proof, readProofs } from './reporter.ts';
import { casesOf } from './titles.ts';

const FILE = join(import.meta.dirname, 'interop.jsonl');

/** One run: its day, `2026-03-01`, and the version of each client by its name. */
export type ClientRun = { date: string; versions: Readonly<Record<string, string>> };
export type RealClients = { run: ClientRun; proofs: readonly Proof[] };

/** The run is the first line, its tests follow. */
export function readRealClients(): RealClients {
  const [first = '', ...others] = readFileSync(FILE, 'utf8').split('\n');
  return { run: JSON.parse(first) as ClientRun, proofs: readProofs(others.join('\n')) };
}

/** In an order of their own, and only what names cases, so that the file changes when a result does. */
export function writeRealClients({ run, proofs }: RealClients): void {
  const kept = proofs.filter(({ titles }) => titles.some((title) => casesOf(title).length > 0));
  const lines = [JSON.stringify(run), ...kept.map((proof) => JSON.stringify(proof)).toSorted()];
  writeFileSync(FILE, `${lines.join('\n')}\n`);
}
