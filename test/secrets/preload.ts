/** Loaded before a test file: its servers log everything into files, and the secrets that they know are noted beside. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { ConfigSource } from '../../src/config/load.ts';
import { edited, LOGGED, NOTE } from './edits.ts';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!loaded.source || !url.includes('/src/')) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: edited(url, source) };
  },
});

const fileOf = (kind: string): string => `${process.env['OPENNDES_SECRETS_FOLDER']}/${kind}-${process.pid}`;
// With the hooks: it shares its modules with the tests.
const { redactedConfig } = await import('../../src/config/redacted.ts');

/** A secret, a challenge of the simulator, or what a configuration is read from. */
type Noted = string | { challenge: string } | ConfigSource;

function secretsOf(noted: Noted): readonly string[] {
  if (typeof noted === 'string') return [noted];
  if ('challenge' in noted) return [noted.challenge];
  try {
    return redactedConfig(noted).secrets;
  } catch {
    return []; // A configuration with faults: nothing runs on it.
  }
}

Object.assign(globalThis, {
  [LOGGED]: (line: string) => appendFileSync(fileOf('log'), line),
  [NOTE]: (noted: Noted) => {
    for (const secret of secretsOf(noted)) appendFileSync(fileOf('secrets'), `${JSON.stringify(secret)}\n`);
    return noted;
  },
});
