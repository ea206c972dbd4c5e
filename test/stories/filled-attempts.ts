/** Attempts of many other devices, between which the ten are found. */
import type { DeviceAttempt } from '../../src/core/attempt-store.ts';

const hex = (n: number): string => n.toString(16).padStart(8, '0');

/** Number `n`, a tenth of a second after the one before; `began` is the time of the first. Each device has five. */
export function attemptOf(n: number, began: number): DeviceAttempt {
  const device = Math.floor(n / 5);
  const isIssued = n % 5 === 4;
  return {
    at: new Date(began + n * 100),
    times: 1,
    ms: 12,
    endpoint: '/wifi',
    operation: 'PKIOperation',
    outcome: isIssued ? 'issued' : 'refused',
    messageType: 'PKCSReq',
    transactionId: `${hex(device)}C0FFEE`,
    ...(!isIssued && { code: 'challenge_expired', detail: 'the challenge is older than its validity' }),
    address: `10.${(device >> 16) & 255}.${(device >> 8) & 255}.${device & 255}`,
    userAgent: 'Mozilla/4.0 (compatible; Win32; NDES client 10.0)',
    subject: `CN=LAPTOP-${device},O=Contoso`,
    names: [
      { kind: 'cn', value: `LAPTOP-${device}` },
      { kind: 'upn', value: `user${device}@example.com` },
      { kind: 'intuneDeviceId', value: `${hex(device)}-0000-4000-8000-000000000000` },
    ],
  };
}
