/** What is wrong now with a running installation: each kind once, with what it means and what an operator does. */

/** `error`: devices are not served, or will not be soon. `warning`: somebody should act in the next days. */
export type ConditionSeverity = 'warning' | 'error';

/** One kind. `means`: one sentence for the page. `remedy`: what to do where the condition itself does not say more. */
type KindOfCondition = { severity: ConditionSeverity; title: string; means: string; remedy: string };

/** The table. Names are stable: they are in the store, in messages and in the anchors of docs/conditions.md. */
export const CONDITIONS = {
  'store-unavailable': {
    severity: 'error',
    title: 'The store cannot write',
    means: 'Nothing can be recorded, so no certificate is issued. Devices come again by themselves.',
    remedy:
      'Look at the disk of the store: is it full, read-only or gone? With PostgreSQL look at the database and the way to it.',
  },
  'server-not-ready': {
    severity: 'error',
    title: 'A server is not ready',
    means: 'A check of `/readyz` fails on a server, so that a load balancer sends it no requests.',
    remedy: 'Do what the text says. `openndes doctor` finds most causes.',
  },
  'endpoint-not-served': {
    severity: 'error',
    title: 'An endpoint is not served',
    means: 'Its devices get an error. The other endpoints are served.',
    remedy: 'Do what the text says, run `openndes check`, and reload the server.',
  },
  'tenant-unusable': {
    severity: 'error',
    title: 'A tenant cannot be used',
    means:
      'Intune does not answer, or refuses us, so that no request of its devices can be checked. They get PENDING and come again.',
    remedy: 'Run `openndes doctor`, which asks the tenant at once and says which step fails.',
  },
  'tenant-notifications-fail': {
    severity: 'warning',
    title: 'Notifications to a tenant fail',
    means:
      'Devices have their certificates, and Intune does not know it yet. The outbox sends each notification again.',
    remedy: 'See `openndes notifications list`.',
  },
  'key-failed': {
    severity: 'error',
    title: 'A key elsewhere does not work',
    means: 'The token, HSM or key service of an authority fails. Devices get PENDING and come again.',
    remedy: 'Look at the token, the HSM or the service, and at the network. It is tried again every ten seconds.',
  },
  'issuer-failed': {
    severity: 'error',
    title: 'A CA product cannot be used',
    means:
      'The CA that issues for an authority does not answer, or refuses our credentials. Devices get PENDING and come again.',
    remedy: 'Look at the CA, at our credentials there and at the network. It is asked again every minute.',
  },
  'issuer-warns': {
    severity: 'warning',
    title: 'A CA product should be changed',
    means:
      'Devices get their certificates. The CA, or the program that calls it, has found a setting that is dangerous or will fail.',
    remedy: 'Do what the text says. The CA is asked again every minute.',
  },
  'certificate-ends': {
    severity: 'warning',
    title: 'A certificate, revocation list or client secret ends soon',
    means: 'After its end the part that needs it does not work. What renews itself is here only when that failed.',
    remedy: 'Renew it and reload the server. docs/runbooks.md and docs/intune.md say how.',
  },
  'certificate-not-in-force': {
    severity: 'error',
    title: 'A certificate, revocation list or client secret is not in force',
    means: 'It has ended, or has not begun because the clock of this machine is wrong.',
    remedy: 'Renew it, or correct the clock, and reload the server.',
  },
  'outbox-old': {
    severity: 'warning',
    title: 'Notifications wait for more than an hour',
    means:
      'The authoriser does not accept them, so that it shows certificates as pending. After 14 days they are given up.',
    remedy:
      'See `openndes notifications list` for the last error. When it is mended, `openndes notifications retry` sends them at once.',
  },
  'messages-wait': {
    severity: 'warning',
    title: 'Messages are not accepted for more than an hour',
    means: 'A webhook or the mail server does not take what it is told. After three days a message is given up.',
    remedy: 'See `openndes messages list --failed`, and try it with `openndes messages test`.',
  },
  'requests-wait': {
    severity: 'warning',
    title: 'Requests wait for approval for more than a day',
    means: 'A person has to decide. After 30 days a request is forgotten.',
    remedy: 'Look at them with `openndes certs pending`, and approve or reject each.',
  },
  'orders-unknown': {
    severity: 'warning',
    title: 'A CA may have certificates that are not recorded',
    means:
      'Orders had no answer, and that CA cannot be asked what became of them. No device has the certificates, if there are any.',
    remedy:
      'See `openndes orders list`. Look for each at the CA by its public key, revoke it there, and run `openndes orders done`.',
  },
  'revocation-list-failed': {
    severity: 'error',
    title: 'No new revocation list can be made',
    means: 'The last list is served until it ends. After that, those who check certificates may refuse all of them.',
    remedy: 'Look at the key of the CA and at the store.',
  },
  'clock-went-back': {
    severity: 'error',
    title: 'The clock went back',
    means: 'No revocation list and no OCSP response is signed, because it would be older than one before.',
    remedy: 'Correct the clock of this machine, or of another server of this store. See `openndes clock`.',
  },
  'directory-failed': {
    severity: 'warning',
    title: 'The directory of a tenant cannot be read',
    means: 'Certificates of devices and users that are gone are not revoked meanwhile.',
    remedy: 'Do what the text says. `openndes directory status` has more.',
  },
  'directory-waits': {
    severity: 'warning',
    title: 'More certificates are to be revoked than the bound allows',
    means: 'So many devices or users are gone that the revocation waits for a person.',
    remedy: 'Look at `openndes directory run --dry-run`. When they are truly gone, run `openndes directory approve`.',
  },
  'user-keys-end': {
    severity: 'error',
    title: 'Keys of people end without a successor',
    means:
      'Little of their life is left (`pfx.people.alarmAt`), and no newer key was imported. After the end nobody can encrypt to these people, or they cannot sign.',
    remedy:
      'See `openndes pfx list` for what is wrong with the successor. When it is mended, run `openndes pfx renew`.',
  },
  'user-keys-failed': {
    severity: 'warning',
    title: 'Keys of people could not be made',
    means:
      'The CA or Microsoft Graph refused for good, or the user cannot have a key. These keys are not tried again by themselves.',
    remedy:
      'See `openndes pfx list` for each. Mend what it says, end the key with `openndes pfx revoke ID`, and run `openndes pfx issue` for the user.',
  },
  'user-keys-late': {
    severity: 'warning',
    title: 'Keys of people wait for something that fails',
    means:
      'The CA or Microsoft Graph has failed three times in a row for these keys. They are tried again, at most six hours apart.',
    remedy:
      'Do what the text says. `openndes pfx list` has each key; `openndes pfx renew` tries at once those that are due.',
  },
  'user-keys-graph': {
    severity: 'warning',
    title: 'Microsoft Graph cannot be used for keys of people',
    means:
      'Meanwhile nobody sees which users were disabled or removed, and no old key is taken out of Intune. It is tried every five minutes.',
    remedy: 'Do what the text says. docs/pfx.md has the permissions that the app needs.',
  },
  'user-keys-held': {
    severity: 'warning',
    title: 'Too many users with keys have gone at once',
    means:
      'More users than `pfx.people.mostGone` are disabled or not in the directory. A fault of the directory looks like that, so no key was touched.',
    remedy: 'Look at the users in Entra. When they have truly gone, run `openndes pfx renew --most-gone NUMBER`.',
  },
  'user-keys-differ': {
    severity: 'warning',
    title: 'Intune and the store have different keys of people',
    means:
      'Somebody imports or deletes keys beside this server, or the store was restored from a backup. Nothing is deleted by itself. It is compared every day.',
    remedy:
      'See `openndes pfx reconcile`. Delete in Intune what nobody knows; for a key that only the store has, run `openndes pfx revoke ID` and `openndes pfx issue`.',
  },
  'job-failed': {
    severity: 'warning',
    title: 'A background job fails',
    means: 'It runs again by itself, and no data was lost.',
    remedy: 'Do what the text says. Look at the disk and at the network when it stays.',
  },
  'job-overdue': {
    severity: 'error',
    title: 'A background job does not run',
    means: 'No server runs it although it is due.',
    remedy: 'Look at the log of the servers. Start a server again that hangs.',
  },
  'backup-old': {
    severity: 'warning',
    title: 'The last backup is old',
    means: 'What was recorded since then is lost when the disk of the store is.',
    remedy: 'Run `openndes backup`, and find out why the timer did not. `backup.maxAge` says how old it may be.',
  },
  overloaded: {
    severity: 'warning',
    title: 'More requests come than can be answered',
    means: 'Requests are refused with 503. Devices come again by themselves.',
    remedy:
      'Look at `load` in `/readyz` of the administrators: is a policy or a CA slow, or the machine too small? See docs/scaling.md.',
  },
} as const satisfies Readonly<Record<string, KindOfCondition>>;

/** The name of a kind. */
export type ConditionKind = keyof typeof CONDITIONS;

/** What a condition is about. `name` as in the configuration; absent when it is about the whole installation. */
export type ConditionSubject = { kind: 'tenant' | 'authority' | 'endpoint' | 'job' | 'server'; name: string };

/**
 * One thing that is wrong, as a server sees it. `id`: its kind, and after a colon what tells it from others of the kind; while it
 * is the same, it is the same condition. `what`: one sentence with the names and the cause. No secret is in any of them.
 */
export type SeenCondition = {
  id: string;
  kind: ConditionKind;
  severity: ConditionSeverity;
  what: string;
  remedy: string;
  subject?: ConditionSubject;
};

/** One thing that is wrong. `page`: a file below docs/ with an anchor. `since`: also before a restart. */
export type Condition = SeenCondition & { page: string; since: Date };

/** All that is wrong now, the errors first and then the oldest first; and when that was looked at last. */
export type Conditions = { open: Condition[]; checkedAt: Date };

/** What tells it from others of its kind, and what is particular. `remedy`: that of the kind when absent. */
export type ConditionDetails = { of?: string; what: string; remedy?: string | undefined; subject?: ConditionSubject };

/** Characters of `what` and `remedy` that are kept. */
const LONGEST = 1_000;

/** A condition of this kind. */
export function seenCondition(kind: ConditionKind, { of, what, remedy, subject }: ConditionDetails): SeenCondition {
  return {
    id: of === undefined ? kind : `${kind}:${of}`,
    kind,
    severity: CONDITIONS[kind].severity,
    what: what.slice(0, LONGEST),
    remedy: (remedy ?? CONDITIONS[kind].remedy).slice(0, LONGEST),
    ...(subject && { subject }),
  };
}

/** With the page of its kind. */
export const conditionSince = (seen: SeenCondition, since: Date): Condition => ({
  ...seen,
  page: `conditions.md#${seen.kind}`,
  since,
});

/** The errors first, then the oldest first. */
export const inOrder = (conditions: readonly Condition[]): Condition[] =>
  conditions.toSorted(
    (one, other) =>
      Number(one.severity === 'warning') - Number(other.severity === 'warning') ||
      one.since.getTime() - other.since.getTime() ||
      (one.id < other.id ? -1 : 1),
  );
