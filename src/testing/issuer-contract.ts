/** What every Issuer must do: the contract of core/issuer.ts as tests, for any implementation to run. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { IssuerError, Refusal } from '../core/errors.ts';
import type { CaSource, EndpointIssuer, Health, IssuancePending, Issued, Revoker } from '../core/issuer.ts';
import type { Allow } from '../core/policy.ts';
import type { EnrollmentRequest } from '../core/request.ts';
import { certificateRecord } from '../enroll/certificate-record.ts';
import { canComeAgain } from '../enroll/made-here.ts';
import { type RequestedNames, signedRequest } from './signed-request.ts';

/** An issuer with whatever else its CA can do. */
export type WholeIssuer = EndpointIssuer & Partial<Revoker & CaSource & Health>;

/** An issuer under test, over a CA in its first state or one that goes on. What is absent is not tested. */
export type IssuerUnderTest = {
  issuer: WholeIssuer;
  /** DER: the issuing CA first, as the `chain` of an endpoint. */
  chain: readonly Uint8Array[];
  /** Credentials, which must be in no error. */
  secrets?: readonly string[];
  /** Asks the CA itself. `serial`: lower-case hexadecimal. */
  isRevoked?: (serial: string) => boolean | Promise<boolean>;
  /** How many certificates the CA has made. */
  made?: () => number | Promise<number>;
  /** The CA makes the certificate of the next order, and its answer is lost. */
  loseAnswer?: () => unknown;
  /** From now on the CA cannot be reached. */
  cut?: () => unknown;
  /** The operator of the CA grants what waits. */
  grant?: () => unknown;
  close?: () => unknown;
};

/** `requested`: what a request of the suite asks for; that of `signedRequest` when absent. `make` is called for each test. */
export type IssuerCase = {
  name: string;
  make: () => IssuerUnderTest | Promise<IssuerUnderTest>;
  requested?: RequestedNames;
};

/** The policy has compared all of the request. */
const ALLOWED: Allow = { kind: 'allow', notify: 'none', vouchesForNames: true, vouchesForPurposes: true };
const signal = (): AbortSignal => new AbortController().signal;

type Body = (under: IssuerUnderTest, request: () => Promise<EnrollmentRequest>) => Promise<void>;

/** Declares the contract's tests for one issuer. */
export function issuerContract({ name, make, requested = {} }: IssuerCase): void {
  describe(`Issuer contract: ${name}`, () => {
    for (const [title, body] of [...ISSUING, ...AFTERWARDS, ...FAILING])
      test(title, { timeout: 120_000 }, async () => {
        const under = await make();
        try {
          await body(under, () => signedRequest(requested));
        } finally {
          await under.close?.();
        }
      });
  });
}

const ISSUING: readonly [string, Body][] = [
  [
    'certifies the key, the names and the purposes that were requested, with a CA of the endpoint',
    async (under, request) => {
      const asked = await request();
      const issued = await issuedFor(under, asked);
      const { publicKey, ca } = new X509Certificate(issued.certificate);
      assert.deepEqual(publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(asked.csr.spki));
      assert.equal(ca, false);
    },
  ],
  [
    'answers two requests with two certificates, each for its own key',
    async (under, request) => {
      const [first, second] = [await request(), await request()];
      const answers = await Promise.all([issuedFor(under, first), issuedFor(under, second)]);
      assert.equal(new Set(answers.map(serialOf)).size, 2);
    },
  ],
  [
    'does not change the request',
    async (under, request) => {
      const asked = await request();
      const given = JSON.stringify(asked);
      await issuedFor(under, asked);
      assert.equal(JSON.stringify(asked), given);
    },
  ],
  [
    'has the methods that its capabilities name',
    async ({ issuer }) => {
      const { pending, find, revokeReasons } = issuer.capabilities ?? {};
      assert.equal(typeof issuer.issue, 'function');
      if (pending) assert.equal(typeof issuer.poll, 'function', 'pending without poll');
      if (find) assert.equal(typeof issuer.find, 'function', 'find without find');
      if (revokeReasons) assert.equal(typeof issuer.revoke, 'function', 'revokeReasons without revoke');
    },
  ],
];

const AFTERWARDS: readonly [string, Body][] = [
  [
    'revokes a certificate, and once more without an error',
    async (under, request) => {
      const { issuer, isRevoked } = under;
      if (!issuer.revoke) return;
      const { certificate, reference } = await issuedFor(under, await request());
      const serial = serialOf({ certificate });
      const { issuer: name, validFromDate: at } = new X509Certificate(certificate);
      const order = { serial, issuer: name.split('\n').toReversed().join(), certificate, at };
      const whole = { ...order, ...(reference !== undefined && { reference }), reason: 'superseded' } as const;
      for (const _ of [1, 2]) await issuer.revoke(whole, signal());
      if (isRevoked) assert.equal(await isRevoked(serial), true);
    },
  ],
  [
    'finds the certificate of an order by its request, and nothing for a request that was not ordered',
    async (under, request) => {
      if (!under.issuer.find) return;
      const asked = await request();
      const { certificate } = await issuedFor(under, asked);
      const found = await under.issuer.find(asked, signal());
      assert.deepEqual(found && Buffer.from(found.certificate), Buffer.from(certificate));
      assert.equal(await under.issuer.find(await request(), signal()), undefined);
    },
  ],
  [
    'gives the same certificate for the same order, where it says that it is idempotent',
    async (under, request) => {
      if (!under.issuer.capabilities?.idempotent) return;
      const asked = await request();
      const [first, second] = [await issuedFor(under, asked), await issuedFor(under, asked)];
      assert.deepEqual(Buffer.from(second.certificate), Buffer.from(first.certificate));
    },
  ],
  [
    'names the CAs of the endpoint, and is well without making a certificate',
    async ({ issuer, chain, made }) => {
      const named = await issuer.chain?.(signal());
      const [own, expected] = [named?.[0], chain[0]].map((der) => der && Buffer.from(der));
      if (named) assert.deepEqual(own, expected);
      const before = await made?.();
      if (issuer.check) assert.equal((await issuer.check(signal())).ok, true);
      assert.equal(await made?.(), before);
    },
  ],
];

const FAILING: readonly [string, Body][] = [
  [
    'makes nothing for a request whose time is over',
    async ({ issuer, made }, request) => {
      const before = await made?.();
      const asked = await request();
      await assert.rejects(async () => issuer.issue(asked, ALLOWED, AbortSignal.abort(new Error('too late'))));
      assert.equal(await made?.(), before);
    },
  ],
  [
    'says that the outcome is unknown when the answer was lost, and has one certificate in the end where that can be',
    async (under, request) => {
      const { issuer, loseAnswer, made } = under;
      if (!loseAnswer) return;
      const before = (await made?.()) ?? 0;
      const asked = await request();
      await loseAnswer();
      const error = await failureOf(issuer.issue(asked, ALLOWED, signal()));
      assert.ok(error instanceof IssuerError, String(error));
      assert.deepEqual([error.code, error.retryable], ['unknown-outcome', true]);
      assertNoSecret(error, under);
      const again = issuer.find ? await issuer.find(asked, signal()) : await issuedFor(under, asked);
      assert.equal(again?.kind, 'issued');
      if (made && canComeAgain(issuer)) assert.equal(await made(), before + 1);
    },
  ],
  [
    'says that the same request can succeed later when the CA cannot be reached, and no secret',
    async (under, request) => {
      if (!under.cut) return;
      const asked = await request();
      await under.cut();
      const error = await failureOf(under.issuer.issue(asked, ALLOWED, signal()));
      assert.ok(error instanceof IssuerError, String(error));
      assert.equal(error.retryable, true);
      assert.match(error.code, /^(unavailable|unknown-outcome)$/);
      assertNoSecret(error, under);
      const health = await under.issuer.check?.(signal());
      if (health) assert.equal(health.ok, false);
      if (health) assertNoSecret(health, under);
    },
  ],
];

/** The certificate, checked as for a device. What waits is granted, and polled twice. */
async function issuedFor(under: IssuerUnderTest, asked: EnrollmentRequest): Promise<Issued> {
  const issued = await granted(under, await under.issuer.issue(asked, ALLOWED, signal()));
  const wanted = { request: asked, decision: ALLOWED, endpoint: { issuer: under.issuer, chain: under.chain } };
  certificateRecord(issued, wanted, new Date(new X509Certificate(issued.certificate).validFromDate.getTime() + 1));
  return issued;
}

async function granted({ issuer, grant }: IssuerUnderTest, answer: Issued | IssuancePending): Promise<Issued> {
  if (answer.kind === 'issued') return answer;
  assert.ok(issuer.poll && grant, 'the issuer answered pending: give `grant`, and the issuer `poll`');
  assert.ok(answer.retryAfter >= 0);
  await grant();
  const polled = await issuer.poll(answer.reference, signal());
  assert.ok(polled.kind === 'issued');
  assert.deepEqual(await issuer.poll(answer.reference, signal()), polled, 'a second poll');
  return polled;
}

const serialOf = ({ certificate }: Pick<Issued, 'certificate'>): string => {
  const serial = new X509Certificate(certificate).serialNumber.toLowerCase();
  return serial.replace(/^(00)+(?=.)/, '');
};

async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    await answer;
  } catch (error) {
    return error;
  }
  throw new Refusal('issuer_failed', 'the issuer answered, although it must fail');
}

/** In what the log shows: messages, stacks and causes. */
function assertNoSecret(said: unknown, { secrets = [] }: IssuerUnderTest): void {
  const text = textOf(said);
  for (const secret of secrets) assert.ok(!text.includes(secret), 'a secret is in an error');
}

function textOf(said: unknown): string {
  if (!(said instanceof Error)) return JSON.stringify(said) ?? '';
  return [said.message, said.stack, JSON.stringify(said), textOf(said.cause)].join('\n');
}
