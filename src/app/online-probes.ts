/** Asks every service that a configuration names whether it can be used: tenants, webhooks and CA products. Changes nothing there. */
import { policiesIn } from '../config/policies.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../core/errors.ts';
import type { CaProduct } from '../ca/checked-issuer.ts';
import { systemClock, systemDeadline } from '../embed/system.ts';
import { IntuneUnreachable } from '../intune/unreachable.ts';
import { httpsClient, NoReply } from '../outbound/https-client.ts';
import { clockDifference } from './clock-difference.ts';
import { newIntuneClient } from './new-intune-client.ts';
import { productStanding } from './product-standing.ts';
import type { Settings } from './settings.ts';

/** What works, and what should be changed although it works. */
export type OnlineFinding = { text: string; warnings?: readonly string[] | undefined };

/** One service. `ask` throws ConfigError with what does not work and a remedy. */
export type OnlineProbe = { name: string; ask: () => Promise<OnlineFinding> };

/** One for each tenant, for each URL of a webhook, and for the CA product of each authority. */
export function onlineProbes({ tenants, endpoints }: Config, products: Settings['products']): OnlineProbe[] {
  const webhooks = new Map<string, Webhook>();
  for (const { policy } of endpoints)
    for (const { policy: each } of policiesIn(policy)) if (each.kind === 'webhook') webhooks.set(each.url, each);
  return [
    ...Object.entries(tenants).map(([name, tenant]) => ({ name: `tenant ${name}`, ask: () => askTenant(tenant) })),
    ...[...webhooks.values()].map((each) => ({ name: `webhook ${hostOf(each)}`, ask: () => askWebhook(each) })),
    ...[...products].map(([name, product]) => ({ name: `authority ${name}`, ask: () => askProduct(product) })),
  ];
}

const NEVER = new AbortController().signal;

async function askTenant(tenant: Config['tenants'][string]): Promise<OnlineFinding> {
  let ahead: number | undefined;
  const client = newIntuneClient(tenant, (date) => (ahead = clockDifference(date, systemClock)));
  try {
    await client.check(NEVER);
  } catch (cause) {
    if (!(cause instanceof IntuneUnreachable)) throw cause;
    throw new ConfigError(cause.message, `${cause.remedy}${clockText(ahead)}`, { cause });
  } finally {
    await client.close();
  }
  return { text: `can be used: Entra gives tokens with the role, and Graph names the service.${clockText(ahead)}` };
}

const clockText = (ahead: number | undefined): string =>
  ahead === undefined
    ? ''
    : ` The clock of this machine is ${Math.abs(ahead)} seconds ${ahead > 0 ? 'ahead of' : 'behind'} that of Entra ID: set it.`;

async function askProduct(product: CaProduct): Promise<OnlineFinding> {
  const { ok, detail, warnings } = await productStanding(product, systemDeadline());
  if (ok) return { text: `its CA can be used: ${detail}`, warnings };
  throw new ConfigError(
    `its CA cannot be used: ${detail}`,
    'Look at the CA, at our credentials there and at the network: docs/backends.md.',
  );
}

type Webhook = { url: string; trustCa?: string | undefined; timeout: number };

/** The rest of the URL may be a secret. */
const hostOf = ({ url }: Webhook): string => new URL(url).host;

/** GET, which decides nothing: any reply shows that the service is there, also that it wants POST, and a page of any length. */
async function askWebhook(webhook: Webhook): Promise<OnlineFinding> {
  const { url, trustCa, timeout } = webhook;
  const { status, close } = httpsClient({ trustCa, timeoutMs: timeout });
  try {
    const code = await status({ method: 'GET', url, headers: {} }, NEVER);
    return { text: `can be reached: it answers GET with HTTP ${code}` };
  } catch (cause) {
    if (!(cause instanceof NoReply)) throw cause;
    throw new ConfigError(cause.message, cause.remedy, { cause });
  } finally {
    await close();
  }
}
