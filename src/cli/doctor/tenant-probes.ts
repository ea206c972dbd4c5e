/** The looks at one tenant: its clock, DNS, TLS, tokens and the roles in them, discovery, and a harmless validateRequest. */
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

const LOOK_MS = 10_000;

/** The rows of one tenant. `close` ends its connections. */
export function tenantProbes(name: string, tenant: Tenant): { probes: DoctorProbe[]; close: () => Promise<void> } {
  const { cloud, trustCa, proxy, managedIdentity } = tenant;
  const { login, graph } = resolveCloud(cloud);
  // A managed identity gets its tokens from this machine.
  const hosts = [...new Set([...(managedIdentity ? [] : [login]), graph])].map((url) => new URL(url));
  const isMicrosoft = typeof cloud === 'string';
  const looks = new Map<string, Promise<TlsLook>>();
  const look = (url: URL): Promise<TlsLook> => {
    const known = looks.get(url.host) ?? lookAtTls({ url, trustCa, proxy, timeoutMs: LOOK_MS });
    looks.set(url.host, known);
    return known;
  };
  const client = newIntuneClient(tenant, () => {});
  const { steps } = client;
  const id = (what: string): string => `tenant.${name}.${what}`;
  const title = (what: string): string => `tenant ${name}: ${what}`;
  const served = hosts.map(({ host }) => id(`tls.${host}`));
  const probes: DoctorProbe[] = [
    { id: id('clock'), group: 'clock', title: title('clock'), run: async () => clock(hosts, look) },
    ...hosts.flatMap((url): DoctorProbe[] => [
      {
        id: id(`dns.${url.host}`),
        group: 'network',
        title: title(`address of ${url.host}`),
        run: () => addressOutcome(url, { proxy, isMicrosoft }),
      },
      {
        id: id(`tls.${url.host}`),
        group: 'network',
        title: title(`TLS of ${url.host}`),
        needs: [id(`dns.${url.host}`)],
        run: async () => certificateOutcome(url, await look(url), isMicrosoft),
      },
    ]),
    {
      id: id('token'),
      group: 'tenant',
      title: title('token'),
      needs: served,
      run: async () => tokens(await steps.graphRoles(answerDeadline())),
    },
    {
      id: id('credential'),
      group: 'tenant',
      title: title('end of the credential'),
      needs: [id('token')],
      run: () => ending(name, tenant, client),
    },
    {
      id: id('roles'),
      group: 'tenant',
      title: title('roles in the token'),
      needs: [id('token')],
      run: async () => roles(await steps.intuneRoles(answerDeadline())),
    },
    {
      id: id('discovery'),
      group: 'tenant',
      title: title('discovery'),
      needs: [id('token')],
      run: async () => pass(`Graph names the SCEP service at ${new URL(await steps.locate(answerDeadline())).host}.`),
    },
    {
      id: id('tls.intune'),
      group: 'network',
      title: title('TLS of the SCEP service'),
      needs: [id('discovery')],
      run: async () => {
        const url = new URL(await steps.locate(answerDeadline()));
        return certificateOutcome(url, await look(url), isMicrosoft);
      },
    },
    {
      id: id('validateRequest'),
      group: 'tenant',
      title: title('validateRequest'),
      needs: [id('roles'), id('tls.intune')],
      run: async () => answered(await steps.refusal(answerDeadline())),
    },
  ];
  return { probes, close: () => client.close() };
}

async function clock(hosts: readonly URL[], look: (url: URL) => Promise<TlsLook>): Promise<ProbeOutcome> {
  for (const url of hosts) {
    const { date } = await look(url);
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

const tokens = (graphRoles: readonly string[] | undefined): ProbeOutcome =>
  pass('Entra ID gives tokens to the app.', [`roles for Graph: ${rolesText(graphRoles)}`]);

const rolesText = (found: readonly string[] | undefined): string =>
  found === undefined ? 'the token cannot be read' : found.join(', ') || 'none';

/** Of a secret as Graph or the configuration has it, of a certificate by its file; others are renewed by their platform. */
async function ending(name: string, tenant: Tenant, client: DiagnosableClient): Promise<ProbeOutcome> {
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
    {
      cause: 'credential',
    },
  );
}

function roles(found: readonly string[] | undefined): ProbeOutcome {
  const details = [`roles for Intune: ${rolesText(found)}`];
  if (!found || found.includes(ROLE)) return pass('The token for Intune has the role that Intune wants.', details);
  return fail(`The token for Intune has no role ${ROLE}.`, ROLE_REMEDY, { cause: 'permission', details });
}

function answered(answer: { code: string }): ProbeOutcome {
  if (!isSuccess(answer))
    return pass(`Intune answers: it refused a request without a challenge with ${answer.code}, as it must.`);
  return warn(
    'Intune accepted a request without a challenge, which it must refuse.',
    'Look whether something else answers in place of Intune: certificates would be issued to everybody.',
  );
}
