/** The contract of issuers, for step-ca and OpenBao themselves. */
import { after } from 'node:test';
import { issuerContract, type IssuerUnderTest } from '../../src/testing/issuer-contract.ts';
import { productOf } from './killed-product.ts';
import { losingProxy } from './losing-proxy.ts';
import { openBaoProduct, type RealProduct, stepCaProduct } from './real-products.ts';

/** Over a proxy of its own, because each test may cut it off. */
async function under({ plan, secrets, made, isRevoked }: RealProduct): Promise<IssuerUnderTest> {
  const proxy = await losingProxy(Number(new URL(plan.service.url).port));
  const service = { ...plan.service, url: `https://localhost:${proxy.port}` };
  const issuer = productOf({ ...plan, service }, () => Promise.reject(new Error('this is not AWS')));
  return {
    issuer,
    chain: plan.chain,
    secrets,
    made,
    isRevoked,
    cut: proxy.cut,
    // The connection and the login are there before the answer is lost.
    async loseAnswer() {
      await issuer.check?.(new AbortController().signal);
      proxy.loseAnswer();
    },
    async close() {
      await issuer.close?.();
      proxy.cut();
    },
  };
}

for (const product of await Promise.all([stepCaProduct(), openBaoProduct()])) {
  after(product.close);
  issuerContract({ name: product.name, make: () => under(product) });
}
