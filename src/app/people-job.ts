/** The job that looks after the keys of people, where `pfx.people` names their tenant and a connector takes them. */
import type { PeopleConfig } from '../config/people-section.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import type { Job } from '../jobs/leased-job.ts';
import type { Administrator } from '../manage/administrator.ts';
import { type TurnServices, userKeyTurn } from '../pfx/user-key-turn.ts';
import { importPlan, keyTimes, userKeyJobName, userKeyParts } from './pfx-work.ts';
import type { Settings } from './settings.ts';

/** What it is made of. */
export type PeopleParts = {
  settings: Settings;
  store: Store;
  clients: ReadonlyMap<string, DiagnosableClient>;
  clock: Clock;
  emit: Emit;
};

/** Undefined where the server makes no keys for people. `by`: who revokes, when it is not the job. */
export function peopleServices(parts: PeopleParts, by?: Administrator): TurnServices | undefined {
  const { settings, store, clients, clock, emit } = parts;
  const { people } = settings.config.pfx ?? {};
  const plan = importPlan(settings);
  const client = people && clients.get(people.tenant);
  const endpoint = people && settings.endpoints.find(({ config }) => config.name === people.endpoint);
  if (!plan || !client || !endpoint) return undefined;
  const { tenant } = people;
  const job: Administrator = { actor: { kind: 'system', name: userKeyJobName(tenant) }, source: 'job' };
  const work = userKeyParts(endpoint, { store, clock, ...(by ?? job) }, emit);
  return { ...work, ...plan, store, imports: client.imports, tenant };
}

/** `every`: milliseconds after which it looks what is due. */
export function peopleJobs({ every = MINUTE, ...parts }: PeopleParts & { every?: number | undefined }): Job[] {
  const services = peopleServices(parts);
  const { people } = parts.settings.config.pfx ?? {};
  return services && people ? [peopleJob(services, people, every)] : [];
}

const peopleJob = (services: TurnServices, people: PeopleConfig, every: number): Job => ({
  name: userKeyJobName(services.tenant),
  every,
  run: (signal) => userKeyTurn(services, { times: keyTimes(people), mostGone: people.mostGone }, signal),
});
