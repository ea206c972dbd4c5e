/** Keys for people from the names to the file. */
import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, privateDecrypt } from 'node:crypto';
import { test } from 'node:test';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { parseAltNameTemplate } from '../../src/pfx/alt-name-template.ts';
import { readConnectorKey } from '../../src/pfx/connector-key.ts';
import { openEscrow, openShare } from '../../src/pfx/escrow.ts';
import { readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { parseSubjectTemplate } from '../../src/pfx/subject-template.ts';
import { TemplateError } from '../../src/pfx/template-variables.ts';
import { finishUserPfx, startUserPfx, type UserPfxPlan } from '../../src/pfx/user-pfx.ts';
import { rsaKey } from '../kit/keys.ts';
import { DAY, issuing, NOW, random, root, YEAR } from '../kit/pki.ts';
import { connectorPem, pinned } from './connector-forms.ts';
import { RULES, USER } from './template-samples.ts';
import { certifiedUser } from './user-under-test.ts';

const publicHalf = (name: string) => createPublicKey(rsaKey(name).privateKey);
const officers = ['alice', 'bob'].map((name) =>
  readRecoveryOfficer(name, Buffer.from(connectorPem(publicHalf(name))), name),
);
const connectorKey = publicHalf('connector');
const plan: UserPfxPlan = {
  key: 'p256',
  subject: parseSubjectTemplate('CN={{GivenName}} {{SurName}},E={{EmailAddress}}'),
  altNames: ['email:{{EmailAddress}}', 'upn:{{UserPrincipalName}}'].map(parseAltNameTemplate),
  rules: RULES,
  profile: 'compat',
};
const whole: UserPfxPlan = {
  ...plan,
  connector: {
    key: readConnectorKey(Buffer.from(connectorPem(connectorKey)), pinned(connectorKey)),
    scheme: 'oaepSha512',
  },
  escrow: { officers, required: 2 },
};
const encryption = { purpose: 'smimeEncryption', friendlyName: 'jane@contoso.example encryption', random } as const;

/** As an issuer makes it, with the subject of the request. */
const issued = async ({ key, csr }: Awaited<ReturnType<typeof startUserPfx>>) => ({
  certificate: await certifiedUser(key, csr.subject),
  chain: [issuing.certificate, root.certificate],
});
const finished = async (how: UserPfxPlan, purpose: 'smimeEncryption' | 'smimeSigning' = 'smimeEncryption') => {
  const started = await startUserPfx(USER, how);
  return finishUserPfx(started, await issued(started), how, { ...encryption, purpose });
};

test('a request has the names of the user and a new key each time', async () => {
  const [first, second] = [await startUserPfx(USER, plan), await startUserPfx(USER, plan)];
  assert.equal(first.csr.subjectText, 'CN=Jane Doe,E=jane.doe@contoso.example');
  assert.deepEqual(first.csr.key, { type: 'ec', bits: 256 });
  assert.equal(first.csr.extensions.length, 1);
  assert.notDeepEqual(first.csr.spki, second.csr.spki);
});

test('a user without a value that a template needs is refused by the name of the variable', async () => {
  await assert.rejects(startUserPfx({ ...USER, mail: null }, plan), (error: unknown) => {
    assert.ok(error instanceof TemplateError);
    assert.equal(error.message, '{{EmailAddress}} has no value: user.mail is empty');
    return true;
  });
});

test('a file has key, certificate and the chain without its root, and opens with its password', async () => {
  const { file, password, certificate, thumbprint, starts, ends } = await finished(plan);
  const { keys, certificates } = readPkcs12(file, 'jane.p12', password);
  assert.equal(keys.length, 1);
  assert.deepEqual(
    certificates.map((der) => Buffer.from(der)),
    [certificate, issuing.certificate].map((der) => Buffer.from(der)),
  );
  assert.equal(thumbprint, createHash('sha1').update(certificate).digest('hex'));
  assert.deepEqual([starts, ends], [new Date(NOW.getTime() - DAY), new Date(NOW.getTime() + 20 * YEAR)]);
  assert.match(password, /^[A-Za-z0-9]{24}$/);
});

test('without connector and officers nothing is encrypted for Intune, and nothing is kept', async () => {
  const { sealedPassword, escrow } = await finished(plan);
  assert.deepEqual([sealedPassword, escrow], [undefined, undefined]);
});

test('the connector opens the password, and two officers the file with it', async () => {
  const { file, password, sealedPassword = '', escrow } = await finished(whole);
  const oaep = { key: rsaKey('connector').privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' };
  assert.equal(privateDecrypt(oaep, Buffer.from(sealedPassword, 'base64')).toString('latin1'), password);
  assert.ok(escrow);
  const shares = await Promise.all(['alice', 'bob'].map((name) => openShare(escrow, rsaKey(name))));
  assert.deepEqual(openEscrow(escrow, shares), { file: Buffer.from(file), password });
});

test('a key for signing is never in escrow', async () => {
  const { escrow, sealedPassword } = await finished(whole, 'smimeSigning');
  assert.equal(escrow, undefined);
  assert.equal(sealedPassword?.length, 344);
});

test('a certificate for another key is refused', async () => {
  const [mine, other] = [await startUserPfx(USER, plan), await startUserPfx(USER, plan)];
  const wrong = await issued(other);
  assert.throws(() => finishUserPfx(mine, wrong, plan, encryption), {
    message: 'the private key is not that of the certificate',
  });
});
