/** What must hold after any fault: nothing that was answered is lost, nothing is there twice, and every notification is sent. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { of } from './aftermath.ts';
import type { Device } from './fleet.ts';
import type { Fleet } from './fleet-installation.ts';

/** Waits until no notification is due any more, `patience` milliseconds at most. */
export async function assertWhole(
  fleet: Fleet,
  devices: readonly Device[],
  { origin, patience = 120_000 }: { origin: string; patience?: number },
): Promise<void> {
  const until = performance.now() + patience;
  while ((await fleet.waiting()).length > 0) {
    assert.ok(performance.now() < until, `still to be sent: ${JSON.stringify(await fleet.waiting())}`);
    await pause(1_000);
  }
  const listed = await fleet.certificates();
  assert.equal(new Set(listed.map(({ serial }) => serial)).size, listed.length, 'a serial number is there twice');
  assert.deepEqual(
    listed.filter(({ state }) => state !== 'delivered'),
    [],
    'certificates that were never delivered',
  );
  for (const { message, outcome, serial, kind, rival } of devices) {
    const serials = of(listed, message).map((each) => each.serial);
    assert.deepEqual(serials, outcome === 'issued' ? [serial] : [], message.subject);
    // Only the second use of a one-time password is refused.
    if (kind !== 'password') assert.equal(outcome, 'issued', message.subject);
    else if (rival) assert.deepEqual([outcome, rival.outcome].sort(), ['issued', 'refused'], message.subject);
    else assert.equal(outcome, 'issued', message.subject);
  }
  assert.equal(listed.length, devices.filter(({ outcome }) => outcome === 'issued').length);
  await assertNotified(fleet, devices, listed);
  // The same request again has the same certificate.
  for (const { message, kind, serial } of devices.filter(({ outcome }) => outcome === 'issued').slice(-30))
    assert.deepEqual(await message.send(`${origin}/${kind}`), { status: 'success', serial }, message.subject);
}

/** Intune has accepted one notification of each certificate, the same one each time. */
async function assertNotified(
  { tenant }: Fleet,
  devices: readonly Device[],
  listed: Awaited<ReturnType<Fleet['certificates']>>,
): Promise<void> {
  const told = new Map<unknown, Set<string>>();
  for (const { hop, code, body } of await tenant.calls())
    if (hop === 'successNotification' && code === 'Success') {
      const thumbprint = body?.notification?.certificateThumbprint;
      told.set(thumbprint, (told.get(thumbprint) ?? new Set()).add(JSON.stringify(body)));
    }
  const notified = devices.filter(({ kind, outcome }) => kind !== 'password' && outcome === 'issued');
  for (const { message } of notified) {
    const [certificate] = of(listed, message);
    assert.equal(told.get(certificate?.thumbprint)?.size, 1, `Intune was not told of ${message.subject} once`);
  }
  assert.equal(told.size, notified.length, 'Intune was told of other certificates');
}
