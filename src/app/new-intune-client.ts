/** The client of a tenant of the configuration. */
import { randomUUID } from 'node:crypto';
import type { TenantConfig } from '../config/tenants.ts';
import { systemClock } from '../embed/system.ts';
import { type IntuneClient, intuneClient } from '../intune/client.ts';
import { VERSION } from './version.ts';

/** `serverTime` gets the Date of each reply of Entra. Throws ConfigError for settings that cannot work. */
export const newIntuneClient = (tenant: TenantConfig, serverTime: (date: Date) => void): IntuneClient =>
  intuneClient({ ...tenant, clock: systemClock, uuid: randomUUID, callerInfo: `openndes/${VERSION}`, serverTime });
