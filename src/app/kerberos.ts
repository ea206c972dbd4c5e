/** Logins by Kerberos, by the npm package `kerberos` over the GSS-API of the system. */
import type { Negotiate, NegotiatedLogin } from '../backends/negotiation.ts';
import { backendFault } from '../backends/backend-fault.ts';
import { perNameTurns } from '../backends/per-name-turns.ts';
import { within } from '../core/ask.ts';
import type { KerberosSettings } from '../config/kerberos-keys.ts';
import { deadlineIn } from '../embed/system.ts';
import { optionalPackage } from './optional-package.ts';

/** What is used of the package. */
type KerberosPackage = {
  GSS_MECH_OID_SPNEGO: number;
  GSS_C_MUTUAL_FLAG: number;
  initializeClient: (service: string, options: object) => Promise<KerberosClient>;
};
type KerberosClient = { readonly contextComplete: boolean; step: (answer: string) => Promise<string | null> };

/** The library waits for a KDC that does not answer, in a thread that others need too. */
const LONGEST_MS = 10_000;

/** One login at a time in this process: more could take all threads of the pool while no KDC answers. */
const inTurn = perNameTurns();

/**
 * Logins at this host. Tickets are those of the environment: `KRB5_CLIENT_KTNAME`, `KRB5CCNAME`. Throws ConfigError when the package is not
 * installed.
 */
export function kerberosLogins({ principal, service }: KerberosSettings, host: string): Negotiate {
  const library = optionalPackage('kerberos', { for: 'authorities with `kerberos`', more: SYSTEM }) as KerberosPackage;
  const name = service?.replace('/', '@') ?? `HTTP@${host}`;
  const options = {
    mechOID: library.GSS_MECH_OID_SPNEGO,
    flags: library.GSS_C_MUTUAL_FLAG,
    ...(principal !== undefined && { principal }),
  };
  const begun = async (signal: AbortSignal): Promise<NegotiatedLogin> => {
    signal.throwIfAborted();
    const client = await library.initializeClient(name, options);
    const token = await client.step('');
    if (token === null) throw new Error('the GSS-API gave no token');
    assertKerberosOnly(token);
    return { token, prove: (answer) => proven(client, answer) };
  };
  return async (signal) => {
    const end = deadlineIn(LONGEST_MS);
    const either = AbortSignal.any([signal, end]);
    return within(() => inTurn('login', () => begun(either)), either).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw end.aborted ? noTicket(name, new Error(`no KDC answered within ${LONGEST_MS} ms`)) : noTicket(name, cause);
    });
  };
}

const SYSTEM = ' It needs the MIT Kerberos libraries of the system: Debian has them in libgssapi-krb5-2.';

/** With gss-ntlmssp on the system, the GSS-API offers NTLM beside Kerberos or in its place. */
function assertKerberosOnly(token: string): void {
  const octets = Buffer.from(token, 'base64');
  if (octets.includes(NTLM_OID) || octets.includes('NTLMSSP'))
    throw new Error('the GSS-API of this system offers NTLM, which is weaker: remove gss-ntlmssp');
}

/** 1.3.6.1.4.1.311.2.2.10, DER. */
const NTLM_OID = Buffer.from('060a2b06010401823702020a', 'hex');

async function proven(client: KerberosClient, answer: string): Promise<void> {
  await client.step(answer);
  if (!client.contextComplete) throw new Error('it is not whole');
}

const noTicket = (service: string, cause: unknown) => {
  const words = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').slice(0, 300) : '';
  return backendFault(
    UNREACHABLE.test(words) ? 'unavailable' : 'unauthorised',
    `Kerberos: no ticket for ${service}: ${words}. Look at KRB5_CLIENT_KTNAME and KRB5CCNAME of this process, and try \`kinit\` and \`kvno\` as its user.`,
    { cause },
  );
};

const UNREACHABLE = /cannot contact any KDC|no KDC answered|cannot resolve/i;
