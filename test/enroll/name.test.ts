/** The name of an endpoint: what its rows are found by after its URL has changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, issuing, NOW } from '../kit/pki.ts';
import { REQUEST_PLAN, requestMessage } from '../kit/requests.ts';
import {
  BY_COMMAND,
  type Different,
  endpointUnderTest,
  issuedIn,
  read,
  refusalIn,
  stored,
} from '../kit/endpoint-under-test.ts';
import { allows } from '../kit/policy.ts';

const OLD_PATH = '/scep/old';
const NEW_PATH = '/scep/new';
const REQUEST = await requestMessage();
const POLL = await requestMessage({
  messageType: 'CertPoll',
  content: issuerAndSubject(readCertificate(issuing.certificate).subject, REQUEST_PLAN.subject),
});

/** The endpoint at its old path, and what follows it at the new one over the same store. */
async function moved(name: string | undefined, different: Different = {}) {
  const before = await endpointUnderTest(allows('none'), { path: OLD_PATH, ...different });
  const named = name === undefined ? {} : { name };
  const after = await endpointUnderTest(allows('none'), {
    store: before.store,
    clock: before.clock,
    path: NEW_PATH,
    ...named,
    ...different,
  });
  return { before, after };
}

test('after a change of the path, the old path as name still answers a repeated request', async () => {
  const { before, after } = await moved(OLD_PATH);
  const certificate = await issuedIn(await before.service.pkiOperation(REQUEST));
  assert.deepEqual(await issuedIn(await after.service.pkiOperation(REQUEST)), certificate);
  assert.deepEqual(
    (await stored(after)).map(({ endpoint }) => endpoint),
    [OLD_PATH],
  );
});

test('after a change of the path, the old path as name still answers the poll of a waiting request', async () => {
  const { before, after } = await moved(OLD_PATH, { approval: 'manual' });
  assert.equal((await read(await before.service.pkiOperation(REQUEST))).status, 'pending');
  const [waiting] = await before.store.listPending();
  const { key, endpoint, transactionId } = waiting!;
  await before.store.decidePending(key, 'approved', {
    at: NOW,
    event: 'approved',
    endpoint,
    transactionId,
    ...BY_COMMAND,
  });
  await issuedIn(await after.service.pkiOperation(POLL));
});

test('after a change of the path, the old path as name still lets a certificate renew itself', async () => {
  const { before, after } = await moved(OLD_PATH);
  const certificate = await issuedIn(await before.service.pkiOperation(REQUEST));
  const content = await writeCertificationRequest({ subject: REQUEST_PLAN.subject }, rsaKey('renewed'));
  const renewal = await requestMessage({
    messageType: 'RenewalReq',
    signer: { certificate, key: client.key },
    content,
  });
  await issuedIn(await after.service.pkiOperation(renewal), { certificate, key: client.key });
  assert.equal((await stored(after)).length, 2);
});

test('without a name the new path is another endpoint: the old rows are not found', async () => {
  const { before, after } = await moved(undefined);
  const first = await issuedIn(await before.service.pkiOperation(REQUEST));
  assert.equal(await refusalIn(await after.service.pkiOperation(POLL)), 'unknown_transaction');
  assert.notDeepEqual(await issuedIn(await after.service.pkiOperation(REQUEST)), first);
});

test('rows hold the name, and the URL keeps the path', async () => {
  const under = await endpointUnderTest(allows('none'), { path: NEW_PATH, name: 'lab' });
  await issuedIn(await under.service.pkiOperation(REQUEST));
  assert.deepEqual([under.service.path, under.service.name], [NEW_PATH, 'lab']);
  assert.deepEqual(
    [...(await stored(under)), ...(await under.store.listAudit({}))].map(({ endpoint }) => endpoint),
    ['lab', 'lab'],
  );
});
