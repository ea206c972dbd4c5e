/** Whether a CA product can be reached and accepts our credentials. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import { within } from '../core/ask.ts';
import type { IssuerStanding } from '../core/issuer.ts';

const UNASKED: IssuerStanding = { ok: true, detail: 'it cannot be asked without issuing' };

/** What the product says of itself. Never throws; `ok` where it cannot be asked. */
export async function productStanding(product: CaProduct, signal: AbortSignal): Promise<IssuerStanding> {
  if (!product.check) return UNASKED;
  try {
    const said = await within(async (): Promise<IssuerStanding> => (await product.check?.(signal)) ?? UNASKED, signal);
    // It may be a module of others.
    return Array.isArray(said.warnings) ? said : { ok: said.ok, detail: said.detail };
  } catch (cause) {
    if (signal.aborted && cause === signal.reason) return { ok: false, detail: 'it gave no answer in time' };
    return { ok: false, detail: cause instanceof Error ? cause.message : String(cause) };
  }
}
