/** What a rollover changes, for the administrator: the certificates and their ends, who is concerned, and the steps. */
import { dirname } from 'node:path';
import { recorded } from '../app/configured-store.ts';
import { readConfig } from '../app/configuration-file.ts';
import { certificatesFrom } from '../app/certificate-files.ts';
import { readTrustedFile } from '../app/files.ts';
import type { RolloverKind } from '../app/new-ca.ts';
import { finishedOf, type RolledAuthority, unfinished } from '../app/rollover-files.ts';
import type { LoadedAuthorities } from '../app/named-authorities.ts';
import { nextName } from '../ca/next-ca-certificate.ts';
import { tenantsOf } from '../config/policies.ts';
import { absoluteIn, type Successor } from '../config/successors.ts';
import { systemClock } from '../embed/system.ts';
import { readCertificate, readValidity, thumbprint } from '../pkix/certificate.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { nameText } from '../pkix/name.ts';
import { counted } from './output.ts';

/** `role` is `present`, `above`, `next` or `previous`; `lastEnds`: when the last certificate of a CA ends, which has some. */
export type PlannedCa = {
  role: string;
  subject: string;
  thumbprint: string;
  /** By which commands about certificates name it. */
  issuerId: string;
  notAfter: string;
  certificates?: number;
  lastEnds?: string;
};

/** An endpoint that issues from the authority. */
export type ConcernedEndpoint = { path: string; name: string; profile: string; tenants: string[] };

/** `state`: how far a rollover is. `lines`: all of it for people. */
export type RolloverPlan = {
  authority: string;
  state: 'none' | 'started' | 'finished';
  cas: PlannedCa[];
  endpoints: ConcernedEndpoint[];
  steps: string[];
  lines: string[];
};

/** `kind`: what is planned. Without it, what is under way. */
export async function rolloverPlan(
  rolled: RolledAuthority,
  loaded: LoadedAuthorities,
  kind: RolloverKind | undefined,
): Promise<RolloverPlan> {
  const { name, authority } = rolled;
  const next = nextOf(rolled);
  const state = next ? 'started' : finishedOf(rolled.recorded).length > 0 ? 'finished' : 'none';
  const live = await recorded(loaded.config, (store) => store.liveIssuers(systemClock()));
  const issued = new Map(live.map((each) => [each.issuerId, each]));
  const [present = authority.certificate, ...above] = authority.chain;
  const known = [
    { role: 'present', der: present },
    ...above.map((der) => ({ role: 'above', der })),
    ...(next ? [{ role: 'next', der: next.der }] : []),
    ...authority.previous.map(({ certificate: der }) => ({ role: 'previous', der })),
  ];
  const cas = known.map(({ role, der }) => plannedCa(role, der, issued.get(issuerIdentity(der).issuerId)));
  const endpoints = concerned(rolled.file, name);
  const chosen = next ? (next.successor.key === undefined ? 'same-key' : 'new-key') : kind;
  const steps = chosen ? stepsOf(chosen, state === 'started', isWithin(endpoints)) : [];
  const plan = { authority: name, state, cas, endpoints, steps } as const;
  const title = chosen && titleOf(chosen, next ? nameText(readCertificate(next.der).subject) : nextName(present));
  return { ...plan, lines: linesOf(plan, title) };
}

function nextOf({ recorded: rollovers }: RolledAuthority): { successor: Successor; der: Uint8Array } | undefined {
  const open = unfinished(rollovers);
  if (open?.state !== 'started') return undefined;
  const successor = absoluteIn(dirname(rollovers.file))(open);
  const content = readTrustedFile(successor.certificate, 'the next CA certificate');
  return { successor, der: certificatesFrom(content, successor.certificate)[0] };
}

type Issued = { certificates: number; lastEnds: Date } | undefined;

function plannedCa(role: string, der: Uint8Array, issued: Issued): PlannedCa {
  const view = readCertificate(der);
  return {
    role,
    subject: nameText(view.subject),
    thumbprint: thumbprint(der),
    issuerId: issuerIdentity(der).issuerId,
    notAfter: readValidity(view).notAfter.toISOString(),
    ...(issued && { certificates: issued.certificates, lastEnds: issued.lastEnds.toISOString() }),
  };
}

const concerned = (file: string, authority: string): ConcernedEndpoint[] =>
  readConfig(file)
    .config.endpoints.filter((each) => each.authority.name === authority)
    .map(({ path, name, profile, policy }) => ({ path, name, profile: profile.name, tenants: tenantsOf(policy) }));

/** Whether devices of Intune are concerned. */
const isWithin = (endpoints: readonly ConcernedEndpoint[]): boolean =>
  endpoints.some(({ tenants }) => tenants.length > 0);

const titleOf = (kind: RolloverKind, name: string): string =>
  kind === 'same-key'
    ? 'The certificate of the CA is renewed: name and key stay, and so does its revocation list.'
    : `${name} follows with a new key. It has a revocation list of its own.`;

const INTUNE: Readonly<Record<RolloverKind, readonly string[]>> = {
  'same-key': [
    'Intune, before `finish`: add a trusted certificate profile with the renewed CA certificate for Windows, and assign it to the groups of the SCEP profile. The present one stays.',
    'Intune, right after `finish`: let the SCEP profiles for Windows name it as root certificate. Its thumbprint is another one, and Windows compares it with GetCACert. Profiles that name the root stay as they are.',
  ],
  'new-key': [
    'Intune, before `finish`: add a trusted certificate profile with the new CA certificate for Windows, and one with its root for all platforms when the root is another one. Assign them to the groups of the SCEP profiles, and wait until the devices have them. The present ones stay.',
    'What checks certificates (RADIUS, VPN, proxies), before `finish`: add the new CA certificate beside the present one. In Active Directory also in NTAuth.',
    'Intune, right after `finish`: let the SCEP profiles for Windows name the new CA as root certificate. Profiles that name a root that stays are as they are.',
  ],
};

function stepsOf(kind: RolloverKind, isStarted: boolean, intune: boolean): string[] {
  const advice = INTUNE[kind].filter((each) => intune || !each.startsWith('Intune'));
  const before = advice.filter((each) => each.includes('before `finish`'));
  const after = advice.filter((each) => each.includes('right after'));
  const start = `Run \`openndes ca rollover start --${kind}\`, and reload the server. GetNextCACert has the next CA then; GetCACert and what is issued stay.`;
  return [
    ...(isStarted ? [] : [start]),
    ...before,
    'Run `openndes ca rollover finish`, and reload the server. GetCACert has the next CA from then on, with its RA, and it issues. Until here `openndes ca rollover abort` takes it back.',
    ...after,
    ...(kind === 'new-key'
      ? [
          'Keep the key of the present CA where it is: it signs the list of its certificates until the last of them has ended. `openndes ca rollover plan` tells when that is. Devices renew by their present certificates.',
        ]
      : []),
    'Requests that are encrypted to the RA of before are still answered. Keep its files for at least 30 days.',
  ];
}

function linesOf({ authority, state, cas, endpoints, steps }: Omit<RolloverPlan, 'lines'>, title?: string): string[] {
  const whole = {
    none: 'no rollover has started',
    started: 'a rollover has started',
    finished: 'a rollover is finished',
  };
  return [
    `authority ${authority}: ${whole[state]}`,
    ...cas.map(lineOf),
    ...endpoints.map(({ path, profile, tenants }) =>
      [`endpoint ${path}: profile ${profile}`, ...tenants.map((each) => `tenant ${each}`)].join(', '),
    ),
    ...(title === undefined ? [] : ['', title]),
    ...steps.map((step, index) => `${index + 1}. ${step}`),
    ...(title === undefined && state === 'none' ? ['', 'Choose --same-key or --new-key to see the steps.'] : []),
  ];
}

function lineOf({ role, subject, thumbprint: print, issuerId, notAfter, certificates, lastEnds }: PlannedCa): string {
  const ends = `${role} CA ${subject}: ends ${notAfter}, thumbprint ${print}`;
  if (certificates === undefined || lastEnds === undefined)
    return role === 'previous' ? `${ends}; no certificate of it is valid, so its key may be removed` : ends;
  const issued = `issuer id ${issuerId}; ${counted(certificates)} certificates of it have not ended, the last one ends ${lastEnds}`;
  return `${ends}; ${issued}${role === 'previous' ? ', and its key is needed until then' : ''}`;
}
