/** A process that renews the RA of a configuration, 702 days ahead: it may be killed on its way, see test/cli/killed-at.ts. */
import { loadSettings } from '../../src/app/settings.ts';
import { systemClock } from '../../src/embed/system.ts';

const { settings } = await loadSettings(process.argv[2] ?? '');
const clock = (): Date => new Date(systemClock().getTime() + 702 * 86_400_000);
const store = { readSecret: async () => undefined, writeSecret: async () => true };
await settings.authorities.get('issuing')?.authority.raKeeper({ emit: () => {}, clock, store }, undefined);
await settings.close();
