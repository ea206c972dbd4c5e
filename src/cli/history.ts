/** The history of a certificate as `openndes certs show` prints it: when, what, and who did it. */
import type { AuditActor, AuditEntry, AuditSource, UsedChallenge } from '../core/records.ts';
import { printable } from './output.ts';

/** One line. */
export const historyLine = ({ at, event, detail, challenge, ...by }: AuditEntry): string =>
  [
    at.toISOString(),
    event,
    ...(detail ? [detail] : []),
    actorText(by),
    ...(challenge ? [challengeText(challenge)] : []),
  ]
    .map(printable)
    .join('  ');

const DOERS: Readonly<Record<AuditActor['kind'], string>> = {
  person: 'a person',
  program: 'a program',
  device: 'the device',
  system: 'the server',
};

function actorText({ actor, source }: { actor: AuditActor; source: AuditSource }): string {
  const { kind, name = DOERS[kind], address } = actor;
  return `by ${name}${address === undefined ? '' : ` from ${address}`} (${source})`;
}

const challengeText = ({ id, createdAt, ...by }: UsedChallenge): string =>
  `one-time password ${id}, made ${createdAt.toISOString()} ${actorText(by)}`;
