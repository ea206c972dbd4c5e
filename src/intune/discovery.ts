/** Finds the address of an Intune service through Microsoft Graph. Looked up once a day; kept while Graph is down. */
import { DAY } from '../core/durations.ts';
import type { IntuneCloud } from './clouds.ts';
import { askGraph, type GraphServices } from './graph-call.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { type HttpFault, httpFault, notAnAnswer } from './http-faults.ts';
import { asObject, field, parseObject, redacted, textField } from '../outbound/untrusted-json.ts';
import { singleFlight } from '../outbound/single-flight.ts';

/** The first-party application of Intune, whose service principal lists its endpoints. */
const INTUNE_APP = '0000000a-0000-0000-c000-000000000000';
/** After a failed lookup an old address is used for so long before the next lookup, milliseconds. */
const RETRY_AFTER = 300_000;

/** What a lookup needs. */
export type DiscoveryOptions = GraphServices & { cloud: IntuneCloud };

/** The address of one service. */
export type ServiceLocator = {
  /**
   * The URL of the service, without a slash at its end. While the lookup fails, an old address is used. Throws
   * IntuneUnreachable when there is no old one, and the signal's reason when the caller aborts.
   */
  locate(signal: AbortSignal): Promise<string>;
  /** Call it when the service is not at its address any more: the next `locate` looks it up again. */
  drop(): void;
};

/** The locator of one service by its name in Graph, such as `ScepRequestValidationFEService`. Sends nothing yet. */
export function discovery(service: string, options: DiscoveryOptions): ServiceLocator {
  const now = (): number => options.clock().getTime();
  let known: { uri: string; dueAt: number } | undefined;
  const lookUp = singleFlight(async (signal) => {
    const uri = await queryGraph(service, options, signal);
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
        known.dueAt = now() + RETRY_AFTER;
        return known.uri;
      }
    },
    drop() {
      if (known) known.dueAt = now();
    },
  };
}

function queryGraph(service: string, options: DiscoveryOptions, signal: AbortSignal): Promise<string> {
  const { cloud } = options;
  const url = `${cloud.graph}/v1.0/servicePrincipals/appId=${INTUNE_APP}/endpoints`;
  return askGraph({ hop: 'discovery', url }, options, signal, (fault) => {
    if (fault.reply.status !== 200) throw httpFault(fault);
    const rows = field(parseObject(fault.reply.text), 'value');
    if (!Array.isArray(rows)) throw notAnAnswer(fault);
    return trustedAddress(cloud, { service, uris: urisOf(service, rows) }, fault);
  });
}

/** The addresses of the rows with that name: Graph is known to list services twice. None when it is not listed. */
const urisOf = (service: string, rows: readonly unknown[]): string[] =>
  rows
    .map(asObject)
    .filter((row) => nameOf(row)?.toLowerCase() === service.toLowerCase())
    .flatMap((row) => textField(row, 'uri') ?? []);

const nameOf = (row: object | undefined): string | undefined =>
  textField(row, 'providerName') ?? textField(row, 'serviceName');

/** The first address on a host of the cloud; others are refused, so that no token is sent to them. */
function trustedAddress(
  cloud: IntuneCloud,
  { service, uris }: { service: string; uris: readonly string[] },
  { sent, clientRequestId }: Pick<HttpFault, 'sent' | 'clientRequestId'>,
): string {
  const urls = uris.map((uri) => URL.parse(uri));
  const trusted = urls.find((url) => url && isPlain(url) && cloud.trusts(url));
  if (trusted) return trusted.href.replace(/\/+$/, '');
  const [what, remedy] =
    uris.length === 0
      ? [
          `Graph lists no ${service} for this tenant`,
          'Look at the Intune licence of the tenant, at `tenant` and at `cloud`.',
        ]
      : [
          `Graph names an address that is none of Intune's (${redacted(urls[0]?.host ?? 'no URL', sent)}); no token was sent there`,
          'Look at `cloud`. If it is right, report this to Microsoft.',
        ];
  throw new IntuneUnreachable({ hop: 'discovery', what, remedy, retryable: false, status: 200, clientRequestId });
}

/** The paths of calls are appended to it, so a query or a fragment would swallow them. */
const isPlain = ({ username, password, search, hash }: URL): boolean =>
  [username, password, search, hash].join('') === '';
