/** One device for each cell: a real PKCSReq with a challenge of its tenant, and what it does about the answer. */
import { extendedKeyUsage } from '../../src/pkix/extensions.ts';
import type { Simulator } from '../../src/simulator/simulated-tenant.ts';
import { type Answer, enrolled, polled } from '../wiring/device.ts';
import type { Cell } from './cells.ts';
import { type Hop, HOPS } from './hops.table.ts';

export type Device = {
  /** Sends its request, the same certification request each time. */
  enroll: () => Promise<Answer>;
  /** Asks for the answer to its request. */
  poll: () => Promise<Answer>;
};

export function deviceOf({ id, hop }: Cell, simulator: Simulator, origin: string): Device {
  const { purpose }: Hop = HOPS[hop];
  const subject = `CN=${id}`;
  const challenge = simulator.mint({ subject, ...(purpose && { extendedKeyUsage: [purpose] }) });
  const wish = { subject, challenge, ...(purpose && { extensions: [extendedKeyUsage([purpose])] }) };
  const url = `${origin}/${id}`;
  return { enroll: () => enrolled(url, wish), poll: () => polled(url, wish) };
}
