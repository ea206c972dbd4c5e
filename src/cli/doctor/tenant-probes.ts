/** The probes of one tenant: its clock, DNS, TLS, tokens and the roles in them, discovery, and a harmless validateRequest. */
import { credentialEnds } from '../../app/credential-ends.ts';
import { clockDifference } from '../../app/clock-difference.ts';
import { newIntuneClient } from '../../app/new-intune-client.ts';
import type { Config } from '../../config/schema.ts';
import { DAY } from '../../core/durations.ts';
import { endingStage, endingText } from '../../core/ending.ts';
import { answerDeadline, systemClock } from '../../embed/system.ts';
import type { DiagnosableClient } from '../../intune/client.ts';
import { resolveCloud } from '../../intune/clouds.ts';
import { ROLE_REMEDY } from '../../intune/http-faults.ts';
import { isSuccess } from '../../intune/scep-actions.ts';
import { ROLE } from '../../intune/tenant-check.ts';
import { lookAtTls, type TlsLook } from '../../outbound/tls-look.ts';
import { addressOutcome } from './addresses.ts';
import { fail, notRun, type ProbeOutcome, pass, type DoctorProbe, warn } from './doctor-probe.ts';
import { certificateOutcome } from './server-certificate.ts';

type Tenant = Config['tenants'][string];

const TLS_TIMEOUT_MS = 10_000;

/** The rows of one tenant. `close` ends its connections. */
export function tenantProbes(name: string, tenant: Tenant): { probes: DoctorProbe[]; close: () => Promise<void> } {
  const client = newIntuneClient(tenant, () => {});
  return { probes: rowsOf(name, tenant, client), close: () => client.close() };
}

function rowsOf(name: string, tenant: Tenant, client: DiagnosableClient): DoctorProbe[] {
  const { proxy } = tenant;
  const { steps } = client;
  const hosts = hostsOf(tenant);
  const isMicrosoft = typeof tenant.cloud === 'string';
  const tlsOf = tlsLooks(tenant);
  const tlsOutcome = async (url: URL) => certificateOutcome(url, await tlsOf(url), { isMicrosoft, proxy });
  const [clock, network, app] = [rowIn('clock', name), rowIn('network', name), rowIn('tenant', name)];
  return [
    clock('clock', 'clock', [], async () => clockOutcome(hosts, tlsOf)),
    ...hosts.flatMap((url) => [
      network(`dns.${url.host}`, `address of ${url.host}`, [], () => addressOutcome(url, { proxy, isMicrosoft })),
      network(`tls.${url.host}`, `TLS of ${url.host}`, [`dns.${url.host}`], () => tlsOutcome(url)),
    ]),
    app(
      'token',
      'token',
      hosts.map(({ host }) => `tls.${host}`),
      async () => tokenOutcome(await steps.graphRoles(answerDeadline())),
    ),
    app('credential', 'end of the credential', ['token'], () => endOutcome(name, tenant, client)),
    app('roles', 'roles in the token', ['token'], async () => roleOutcome(await steps.intuneRoles(answerDeadline()))),
    app('discovery', 'discovery', ['token'], async () =>
      pass(`Graph names the SCEP service at ${new URL(await steps.locate(answerDeadline())).host}.`),
    ),
    network('tls.intune', 'TLS of the SCEP service', ['discovery'], async () =>
      tlsOutcome(new URL(await steps.locate(answerDeadline()))),
    ),
    app('validateRequest', 'validateRequest', ['roles', 'tls.intune'], async () =>
      refusalOutcome(await steps.refusal(answerDeadline())),
    ),
  ];
}

/** Makes a row of this group. `needs`: as the first argument of the other rows. */
const rowIn =
  (group: DoctorProbe['group'], tenant: string) =>
  (what: string, title: string, needs: readonly string[], run: DoctorProbe['run']): DoctorProbe => {
    const id = (each: string): string => `tenant.${tenant}.${each}`;
    return { id: id(what), group, title: `tenant ${tenant}: ${title}`, needs: needs.map(id), run };
  };

/** Entra ID and Graph. A managed identity gets its tokens from this machine, and not from Entra ID. */
function hostsOf({ cloud, managedIdentity }: Tenant): URL[] {
  const { login, graph } = resolveCloud(cloud);
  return [...new Set(managedIdentity ? [graph] : [login, graph])].map((url) => new URL(url));
}

/** Connects to each host once, when it is first asked for. */
function tlsLooks({ trustCa, proxy }: Tenant): (url: URL) => Promise<TlsLook> {
  const known = new Map<string, Promise<TlsLook>>();
  return (url) => {
    const look = known.get(url.host) ?? lookAtTls({ url, trustCa, proxy, timeoutMs: TLS_TIMEOUT_MS });
    known.set(url.host, look);
    return look;
  };
}

async function clockOutcome(hosts: readonly URL[], tlsOf: (url: URL) => Promise<TlsLook>): Promise<ProbeOutcome> {
  for (const url of hosts) {
    const { date } = await tlsOf(url);
    if (!date) continue;
    const ahead = clockDifference(date, systemClock);
    if (ahead === undefined) return pass(`The clock of this machine agrees with that of ${url.host}.`);
    return fail(
      `The clock of this machine is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} that of ${url.host}, which says ${date.toISOString()}.`,
      'Set the clock and keep it right with NTP (`timedatectl set-ntp true`, chrony); a virtual machine may take the time of its host.',
      { cause: 'clock' },
    );
  }
  return notRun('No reply of Entra ID or Graph has a Date to compare with.');
}

const tokenOutcome = (graphRoles: readonly string[] | undefined): ProbeOutcome =>
  pass('Entra ID gives tokens to the app.', [`roles for Graph: ${rolesText(graphRoles)}`]);

const rolesText = (found: readonly string[] | undefined): string =>
  found === undefined ? 'the token cannot be read' : found.join(', ') || 'none';

/** Of a secret as Graph or the configuration has it, of a certificate by its file; others are renewed by their platform. */
async function endOutcome(name: string, tenant: Tenant, client: DiagnosableClient): Promise<ProbeOutcome> {
  const ends = credentialEnds({ [name]: tenant }, new Map([[name, client]]), systemClock);
  await ends.refresh(answerDeadline());
  const [first] = ends.watched();
  if (!first) return pass('The credential has no end that is known here.');
  const { subject, validity } = first;
  const text = `The credential (${subject}) ${endingText(validity.notAfter, systemClock())}.`;
  if (endingStage(validity.notAfter, systemClock(), 30 * DAY) === undefined) return pass(text);
  return warn(
    text,
    'Make the next one in the app registration, put it into the configuration, and delete this one later.',
    { cause: validity.notAfter < systemClock() ? 'credential' : 'ending' },
  );
}

function roleOutcome(found: readonly string[] | undefined): ProbeOutcome {
  const details = [`roles for Intune: ${rolesText(found)}`];
  if (!found || found.includes(ROLE)) return pass('The token for Intune has the role that Intune wants.', details);
  return fail(`The token for Intune has no role ${ROLE}.`, ROLE_REMEDY, { cause: 'permission', details });
}

function refusalOutcome(answer: { code: string }): ProbeOutcome {
  if (!isSuccess(answer))
    return pass(`Intune answers: it refused a request without a challenge with ${answer.code}, as it must.`);
  return warn(
    'Intune accepted a request without a challenge, which it must refuse.',
    'Look whether something else answers in place of Intune: certificates would be issued without a check.',
  );
}
