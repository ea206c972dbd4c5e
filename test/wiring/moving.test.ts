/** The same with a module as the CA product; `npm run backends` has it with a real CA. */
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issuing } from './files.ts';
import { moduleCa, moduleSection } from './module-ca.ts';
import { movesThereAndBack } from './moving.ts';

const product = (name: string) => ({
  authority: moduleSection({ name }),
  isRevoked: (serial: string) => moduleCa.told.includes(`${name}: revoke ${serial} superseded`),
});

for (const workers of [1, 2])
  test(`an endpoint moves to a CA product and back while devices enrol, with ${workers} threads: nothing fails, renewals go on, and each CA learns of its revocations`, async () => {
    const name = `moved-${workers}`;
    await movesThereAndBack(product(name), new X509Certificate(issuing.certificate), name, workers);
  });
