/** What `npm run plan` is asked, and words for what it says. */
import { parseArgs } from 'node:util';
import { DEFAULTS, type Fleet } from './needs.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration such as `1h`, as in the configuration. Throws TypeError. */
export function secondsOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw new TypeError(`${text}: write a duration such as 365d, 24h, 60m or 90s`);
  return Number(count) * SECONDS[unit]!;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new TypeError(`--${name} ${text}: a number above 0 is needed`);
}

export type Asked = { fleet: Fleet; check: boolean; page: boolean };

/** Throws TypeError for what is not understood. */
export function askedFor(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: 'string', default: '1000000' },
      lifetime: { type: 'string', default: '365d' },
      burst: { type: 'string', default: '1h' },
      years: { type: 'string', default: String(DEFAULTS.years) },
      revoked: { type: 'string', default: String(DEFAULTS.revoked * 100) },
      intune: { type: 'string', default: String(DEFAULTS.intune) },
      floor: { type: 'string', default: String(DEFAULTS.floor) },
      check: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'devices' | 'years' | 'revoked' | 'intune' | 'floor') => positive(name, values[name]);
  const fleet = {
    devices: number('devices'),
    lifetime: secondsOf(values.lifetime) / 86_400,
    burst: secondsOf(values.burst),
    years: number('years'),
    revoked: number('revoked') / 100,
    intune: number('intune'),
    floor: number('floor'),
  };
  return { fleet, check: values.check, page: values.page };
}
