/** Codes of Intune that come from the state of the tenant: devices, users, profiles, keys and challenges that are used. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { generateKey } from '../../src/keys/software.ts';
import { codeOf, control, csr, KEY, startTenant, type Tenant } from './tenant.ts';

const SUBJECT = { subject: 'CN=device-1' };
const keyId = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('base64');

async function codeFor(tenant: Tenant, expectation: object, key = KEY): Promise<string> {
  const challenge = tenant.simulator.mint({ ...SUBJECT, ...expectation });
  return codeOf(await tenant.validate(await csr({ challenge }, key)));
}

test('a challenge is refused when its device or user is gone, or its profile is not assigned any more', async (t) => {
  const tenant = await startTenant(t);
  const { targets } = tenant.simulator;
  const ids = { deviceId: 'd-1', userId: 'u-1', profileId: 'p-1' };
  assert.equal(await codeFor(tenant, ids), 'Success');
  for (const [change, code] of [
    [{ removedDevices: ['d-1'] }, 'BadDeviceIdInChallenge'],
    [{ removedUsers: ['u-1'] }, 'BadUserIdInChallenge'],
    [{ unassignedProfiles: ['p-1'] }, 'ScepProfileNoLongerTargetedToTheClient'],
  ] as const) {
    targets.set({ removedDevices: [], removedUsers: [], unassignedProfiles: [], ...change });
    assert.equal(await codeFor(tenant, ids), code);
    assert.equal(await codeFor(tenant, {}), 'Success', 'other ids');
  }
});

test('the control API gives the ids of a challenge, and removes what it is for', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const { json } = await control(simulator, 'POST', '/challenges', SUBJECT);
  const { challenge, deviceId } = json as { challenge: string; deviceId: string };
  const certificateRequest = await csr({ challenge });
  assert.equal((await control(simulator, 'PUT', '/targets', { removedDevices: [deviceId] })).status, 200);
  assert.equal(codeOf(await tenant.validate(certificateRequest)), 'BadDeviceIdInChallenge');
  assert.deepEqual((await control(simulator, 'GET', '/targets')).json, {
    removedDevices: [deviceId],
    removedUsers: [],
    unassignedProfiles: [],
  });
});

test('a used challenge is refused for another request, and for the same one where the policy says so', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const challenge = simulator.mint(SUBJECT);
  const first = await csr({ challenge });
  const other = await csr({ challenge }, generateKey('rsa-2048'));
  assert.equal(codeOf(await tenant.validate(first)), 'Success');
  assert.equal(codeOf(await tenant.validate(first)), 'Success');
  assert.equal(codeOf(await tenant.validate(other)), 'BadCertificateRequestIdInChallenge');
  simulator.app.setPolicy({ repeatedValidation: 'refused' });
  assert.equal(codeOf(await tenant.validate(first)), 'BadCertificateRequestIdInChallenge');
});

test('a refused request does not use its challenge up', async (t) => {
  const tenant = await startTenant(t);
  const challenge = tenant.simulator.mint(SUBJECT);
  assert.equal(codeOf(await tenant.validate(await csr({ challenge, subject: 'CN=other' }))), 'SubjectNameMismatch');
  assert.equal(codeOf(await tenant.validate(await csr({ challenge }))), 'Success');
});

test('the key of the request must be one that the device has registered', async (t) => {
  const tenant = await startTenant(t);
  assert.equal(await codeFor(tenant, { registeredKeys: [] }), 'AadKeyIdentifierListMissing');
  assert.equal(await codeFor(tenant, { registeredKeys: ['AAAA'] }), 'RegisteredKeyMismatch');
  assert.equal(await codeFor(tenant, { registeredKeys: ['AAAA', keyId(KEY.spki)] }), 'Success');
});

test('a challenge of a signing key that Intune has replaced is refused', async (t) => {
  const tenant = await startTenant(t);
  assert.equal(await codeFor(tenant, { signer: 'replaced' }), 'SigningCertThumbprintMismatch');
});
