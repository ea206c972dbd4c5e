/** Which device a request is of, as far as its names say. */
import { type DeviceAttempt, foldedName } from '../core/attempt-store.ts';
import type { RequestName } from '../core/records.ts';

/** The kinds of names by what tells devices apart best. */
const ORDER = [
  'intuneDeviceId',
  'entraDeviceId',
  'serialNumber',
  'cn',
  'dns',
  'upn',
  'email',
  'uri',
  'ip',
] as const satisfies readonly RequestName['kind'][];

/** The name of the best kind, folded; undefined without a name. */
export function deviceOf({ names }: Pick<DeviceAttempt, 'names'>): string | undefined {
  for (const kind of ORDER) {
    const found = names.find((name) => name.kind === kind);
    if (found) return foldedName(found.value);
  }
  return undefined;
}
