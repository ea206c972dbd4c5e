/**
 * The calls that the server makes to Microsoft for a device. A call that the product learns to make gets a row here, and a row in each
 * table of rules.ts.
 */

/**
 * `says`: what the call is for. `plain`: it is made without TLS, so that faults of TLS do not occur. `purpose`: an extended key usage that the device asks for, with the approval of Intune, and
 * that the profile of the server lacks, so that the enrolment fails after the validation.
 */
export type Hop = { says: string; plain?: true; purpose?: string };

export const HOPS = {
  token: { says: 'Entra ID is asked for a token for Graph and one for Intune.' },
  managedIdentity: {
    says: 'The platform of a virtual machine is asked for the tokens, in place of Entra ID (`managedIdentity: { from: imds }`).',
    plain: true,
  },
  discovery: { says: 'Graph is asked for the address of the service.' },
  validateRequest: { says: 'Intune is asked whether the request is the one that it made the challenge for.' },
  successNotification: { says: 'Intune is told of the certificate.' },
  failureNotification: {
    says: 'Intune is told that there is no certificate. Here the device asks for a purpose that the profile of the server does not have.',
    purpose: '1.3.6.1.4.1.311.10.3.12',
  },
} as const satisfies Readonly<Record<string, Hop>>;

export type HopName = keyof typeof HOPS;

/**
 * The calls of background jobs. `job`: its name in `openndes jobs`; `again`: minutes after which the test lets it run again,
 * and no fault is there.
 */
export type JobHop = { says: string; job: (tenant: string) => string; again: number };

export const JOB_HOPS = {
  downloadRevocationRequests: {
    says: 'The job `intune-revocations` asks Intune which certificates to revoke. After the fault it runs again 61 minutes later, because Intune hands out nothing for 60 minutes after a download.',
    job: () => 'intune-revocations',
    again: 61,
  },
  uploadRevocationResults: {
    says: 'The same job tells Intune what became of the requests. After the fault it runs again 6 minutes later.',
    job: () => 'intune-revocations',
    again: 6,
  },
  directory: {
    says: 'The job `directory NAME` lists the devices of Intune, and the devices and users of Entra. One complete listing was before the devices were wiped and one after it; the next one, which would revoke their certificates, meets the fault. After it the job runs again 16 minutes later.',
    job: (tenant) => `directory ${tenant}`,
    again: 16,
  },
} as const satisfies Readonly<Record<string, JobHop>>;

export type JobHopName = keyof typeof JOB_HOPS;
