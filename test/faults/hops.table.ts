/**
 * The calls that the server makes to Microsoft. A call that the product learns to make gets a row here, and a row in each
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
