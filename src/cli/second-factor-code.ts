/** The code that an app would show now for a key in a file. */
import { readFileSync } from 'node:fs';
import { parseSecondFactor } from '../access/totp.ts';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';

/** Throws ConfigError when the file has no such key. */
export function codeNow(file: string): string {
  const factor = parseSecondFactor(readFileSync(file, 'utf8'));
  if (factor) return factor.generate({ timestamp: systemClock().getTime() });
  throw new ConfigError(`${file} has no otpauth URI of a second factor`, 'Make one: `openndes totp new USER`.');
}
