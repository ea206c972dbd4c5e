/** Whether a CA product can be reached and accepts our credentials. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import { within } from '../core/ask.ts';

/** What the product says of itself. Never throws; `ok` where it cannot be asked. */
export async function productStanding(
  product: CaProduct,
  signal: AbortSignal,
): Promise<{ ok: boolean; detail: string }> {
  if (!product.check) return { ok: true, detail: 'it cannot be asked without issuing' };
  try {
    return await within(async () => product.check?.(signal) ?? { ok: true, detail: '' }, signal);
  } catch (cause) {
    if (signal.aborted && cause === signal.reason) return { ok: false, detail: 'it gave no answer in time' };
    return { ok: false, detail: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Why it cannot be used; undefined when it can be. */
export async function reasonOf(product: CaProduct, signal: AbortSignal): Promise<string | undefined> {
  const { ok, detail } = await productStanding(product, signal);
  return ok ? undefined : detail;
}
