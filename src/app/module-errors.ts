/** Errors of a module that has brought its own copy of this package: known by their names. */
import { IssuerError, type IssuerErrorFields, Refusal, type RefusalCode, REFUSALS } from '../core/errors.ts';
import type { ClosableProduct } from './issuer-place.ts';

const CALLS = ['issue', 'poll', 'find', 'revoke', 'release', 'check', 'close'] as const;

/** The same product, whose errors are those of this package where their names and fields say so. */
export function withOurErrors(product: ClosableProduct): ClosableProduct {
  const calls = product as unknown as Readonly<Record<string, ((...args: unknown[]) => unknown) | undefined>>;
  const caught = CALLS.flatMap((name) => {
    const call = calls[name]?.bind(product);
    return call ? [[name, async (...args: unknown[]) => ours(() => call(...args))] as const] : [];
  });
  const { backend, capabilities } = product;
  return {
    ...(backend !== undefined && { backend }),
    ...(capabilities && { capabilities }),
    ...Object.fromEntries(caught),
  } as ClosableProduct;
}

async function ours(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    throw known(error);
  }
}

function known(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof IssuerError || error instanceof Refusal) return error;
  const fields = error as Partial<IssuerErrorFields> & Error & { code?: string };
  if (error.name === 'IssuerError' && typeof fields.retryable === 'boolean' && typeof fields.clientText === 'string')
    return new IssuerError({ ...(fields as IssuerErrorFields), adminText: error.message }, { cause: error });
  if (error.name === 'Refusal' && fields.code !== undefined && Object.hasOwn(REFUSALS, fields.code))
    return new Refusal(fields.code as RefusalCode, error.message, { cause: error });
  return error;
}
