/** Whether the CA products of authorities can be used. */
import { productStanding } from '../../app/product-standing.ts';
import type { Settings } from '../../app/settings.ts';
import { systemDeadline } from '../../embed/system.ts';
import { type DoctorProbe, type ProbeOutcome, fail, notRun, pass, warn } from './doctor-probe.ts';

/** One row for each authority whose CA is another product. Nothing is issued. */
export const productProbes = ({ products }: Pick<Settings, 'products'>): DoctorProbe[] =>
  [...products].map(([name, product]) => ({
    id: `issuers.${name}`,
    group: 'certificates',
    title: `authority ${name}: its CA product`,
    run: () => productFound(product),
  }));

async function productFound(product: Parameters<typeof productStanding>[0]): Promise<ProbeOutcome> {
  if (!product.check) return notRun('The product cannot be asked without issuing.');
  const { ok, detail, warnings = [] } = await productStanding(product, systemDeadline());
  const [first, ...others] = warnings;
  if (ok && first !== undefined)
    return warn(`The CA product can be used, but: ${first}`, 'Do what the text says: docs/backends.md.', {
      details: [...others, detail],
    });
  if (ok) return pass('The CA product can be used.', [detail]);
  return fail(
    `The CA product cannot be used: ${detail}`,
    'Look at the CA, at our credentials there and at the network: docs/backends.md.',
  );
}
