/** Where Intune's SCEP service of this tenant is: Microsoft Graph knows. Looked up once a day, kept through outages. */
import type { Clock } from '../core/environment.ts';
import type { Cloud } from './clouds.ts';
import { IntuneUnreachable } from './unreachable.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { httpFault, notAnAnswer } from './http-faults.ts';
import { asObject, field, parseObject, quotable, textField } from './untrusted-json.ts';
import { singleFlight } from '../outbound/single-flight.ts';
import { type TokenSource, withToken } from './token.ts';

/** The first-party application of Intune, whose service principal lists its endpoints. */
const INTUNE_APP = '0000000a-0000-0000-c000-000000000000';
const DAY = 86_400_000;
/** After a lookup failed while an old address is known: when to try again. */
const GRACE = 300_000;

export type DiscoveryOptions = {
  cloud: Cloud;
  /** Tokens for Graph. */
  tokens: TokenSource;
  exchange: HttpsExchange;
  clock: Clock;
  uuid: () => string;
};

export type Discovery = {
  /**
   * The URL of the service, without a slash at its end. An address that is known but old is kept while the lookup
   * fails. Throws IntuneUnreachable when none is known, or the signal's reason.
   */
  locate(signal: AbortSignal): Promise<string>;
  /** The service was not found there: look again before the next use. */
  drop(): void;
};

/** Finds one service, named as Intune names it, for example `ScepRequestValidationFEService`. */
export function discovery(service: string, options: DiscoveryOptions): Discovery {
  const now = (): number => options.clock().getTime();
  let known: { uri: string; dueAt: number } | undefined;
  const lookUp = singleFlight(async (signal) => {
    const uri = await ask(service, options, signal);
    known = { uri, dueAt: now() + DAY };
    return uri;
  });
  return {
    async locate(signal) {
      if (known && now() < known.dueAt) return known.uri;
      try {
        return await lookUp(signal);
      } catch (error) {
        if (!known || !(error instanceof IntuneUnreachable)) throw error;
        known.dueAt = now() + GRACE;
        return known.uri;
      }
    },
    drop() {
      if (known) known.dueAt = now();
    },
  };
}

async function ask(service: string, options: DiscoveryOptions, signal: AbortSignal): Promise<string> {
  const { cloud, tokens, exchange, clock, uuid } = options;
  const url = `${cloud.graph}/v1.0/servicePrincipals/appId=${INTUNE_APP}/endpoints`;
  const clientRequestId = uuid();
  return withToken(tokens, signal, async (token) => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'client-request-id': clientRequestId,
    };
    const call = { hop: 'discovery', method: 'GET', url, headers, limit: 1_048_576, clientRequestId } as const;
    const reply = await exchange(call, signal);
    const fault = { hop: 'discovery', reply, clock, clientRequestId } as const;
    if (reply.status !== 200) throw httpFault(fault);
    const rows = field(parseObject(reply.text), 'value');
    if (!Array.isArray(rows)) throw notAnAnswer(fault);
    return trusted(cloud, uriOf(service, rows), clientRequestId);
  });
}

/** The first row of that name: Graph is known to list services twice. Undefined when it is not listed. */
function uriOf(service: string, rows: readonly unknown[]): string | undefined {
  const row = rows.map(asObject).find((row) => nameOf(row)?.toLowerCase() === service.toLowerCase());
  return textField(row, 'uri');
}

const nameOf = (row: object | undefined): string | undefined =>
  textField(row, 'providerName') ?? textField(row, 'serviceName');

/** Only a host of Intune ever sees a token, whatever the listing says. */
function trusted(cloud: Cloud, uri: string | undefined, clientRequestId: string): string {
  const url = URL.parse(uri ?? '');
  if (url && cloud.trusts(url)) return url.href.replace(/\/+$/, '');
  const [what, remedy] =
    uri === undefined
      ? [
          'Graph lists no SCEP service for this tenant',
          'Look at the Intune licence of the tenant, at `tenant` and at `cloud`.',
        ]
      : [
          `Graph names an address that is none of Intune's (${quotable(url?.host ?? 'no URL')}); no token was sent there`,
          'Look at `cloud`. If it is right, report this to Microsoft.',
        ];
  return unusable(what, remedy, clientRequestId);
}

function unusable(what: string, remedy: string, clientRequestId: string): never {
  throw new IntuneUnreachable({ hop: 'discovery', what, remedy, retryable: false, status: 200, clientRequestId });
}
