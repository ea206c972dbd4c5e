/** What is looked at in the store, and on its disk, when somebody asks for the metrics. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CONDITIONS } from '../core/condition.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { flag, type Sample, sampleOf, unixTime } from '../metrics/samples.ts';
import type { Settings } from './settings.ts';

/** What these look at. */
export type StoreParts = {
  settings: Pick<Settings, 'config'>;
  store: Pick<
    Store,
    | 'check'
    | 'listJobs'
    | 'listConditions'
    | 'countServers'
    | 'outboxStanding'
    | 'approvalStanding'
    | 'messageStandings'
    | 'countOrders'
    | 'lastBackup'
    | 'countUserKeys'
  >;
  clock: Clock;
};

type Probe = (parts: StoreParts) => Promise<Sample[]>;

const worksProbe: Probe = async ({ store }) => {
  const works = await store.check().then(
    () => true,
    () => false,
  );
  return [{ name: 'openndes_store_up', value: flag(works) }];
};

/** The disk of a database server is not ours. */
const diskProbe: Probe = async ({ settings: { config } }) => {
  if (config.store.kind !== 'sqlite') return [];
  const { bavail, blocks, bsize } = await statfs(dirname(config.store.path));
  return [
    { name: 'openndes_store_disk_free_bytes', value: bavail * bsize },
    { name: 'openndes_store_disk_size_bytes', value: blocks * bsize },
  ];
};

const outboxProbe: Probe = async ({ store, clock }) => {
  const { waiting, oldest } = await store.outboxStanding();
  return [
    { name: 'openndes_intune_outbox_pending', value: waiting },
    { name: 'openndes_intune_outbox_oldest_seconds', value: ageOf(oldest, clock) },
  ];
};

const approvalProbe: Probe = async ({ store, clock }) => {
  const { waiting, oldest } = await store.approvalStanding();
  return [
    { name: 'openndes_approval_pending', value: waiting },
    { name: 'openndes_approval_oldest_seconds', value: ageOf(oldest, clock) },
  ];
};

const messagesProbe: Probe = async ({ store, clock }) =>
  (await store.messageStandings()).flatMap(({ receiver, waiting, oldest }) => [
    sampleOf('openndes_messages_pending', { receiver }, waiting),
    sampleOf('openndes_messages_oldest_seconds', { receiver }, ageOf(oldest, clock)),
  ]);

const ordersProbe: Probe = async ({ store }) =>
  Object.entries(await store.countOrders()).map(([state, number]) => sampleOf('openndes_orders', { state }, number));

/** Seconds; 0 when there is none. */
const ageOf = (since: Date | undefined, clock: Clock): number =>
  since ? Math.max(0, clock().getTime() - since.getTime()) / 1000 : 0;

const jobsProbe: Probe = async ({ store }) =>
  (await store.listJobs()).flatMap(({ name, finishedAt, lastError }) =>
    finishedAt
      ? [
          sampleOf('openndes_job_finished_timestamp_seconds', { name }, unixTime(finishedAt)),
          sampleOf('openndes_job_failing', { name }, flag(lastError !== undefined)),
        ]
      : [],
  );

const conditionsProbe: Probe = async ({ store }) => {
  const { open } = await store.listConditions();
  return Object.entries(CONDITIONS).map(([condition, { severity }]) =>
    sampleOf('openndes_conditions', { condition, severity }, open.filter(({ kind }) => kind === condition).length),
  );
};

const userKeysProbe: Probe = async ({ settings: { config }, store }) => {
  const { tenant } = config.pfx?.people ?? {};
  if (tenant === undefined) return [];
  return Object.entries(await store.countUserKeys(tenant)).map(([state, count]) =>
    sampleOf('openndes_user_keys', { tenant, state }, count),
  );
};

const replicasProbe: Probe = async ({ store }) => [{ name: 'openndes_replicas', value: await store.countServers() }];

const backupProbe: Probe = async ({ store }) => {
  const last = await store.lastBackup();
  return last ? [{ name: 'openndes_backup_timestamp_seconds', value: unixTime(last) }] : [];
};

/** One for each thing that can fail alone. */
export const STORE_PROBES: readonly Probe[] = [
  worksProbe,
  diskProbe,
  outboxProbe,
  approvalProbe,
  messagesProbe,
  ordersProbe,
  userKeysProbe,
  jobsProbe,
  conditionsProbe,
  replicasProbe,
  backupProbe,
];
