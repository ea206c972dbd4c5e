/** Messages about conditions that have opened and closed. */
import type { Condition } from '../core/condition.ts';
import type { Clock } from '../core/environment.ts';
import type { Message } from '../core/operator-message.ts';
import type { Store } from '../core/store.ts';
import { addressed, type Receiver } from './receiver.ts';

/** The name of the place: the conditions of which was said that they are open. */
const SOURCE = 'conditions';

/** `settle`: milliseconds for which a condition must be open before it is said. */
export type ConditionSourceParts = {
  store: Pick<Store, 'listConditions' | 'messagePlace' | 'enqueueMessages'>;
  receivers: readonly Receiver[];
  clock: Clock;
  settle: number;
};

type Told = Omit<Condition, 'since'> & { since: string };

/** What opened since the last call, and what has closed of what was said to be open. */
export async function readConditions({ store, receivers, clock, settle }: ConditionSourceParts): Promise<void> {
  const place = await store.messagePlace(SOURCE);
  const told = JSON.parse(place ?? '[]') as Told[];
  const { open } = await store.listConditions();
  const now = clock();
  const isTold = ({ id }: { id: string }): boolean => told.some((each) => each.id === id);
  const settled = open.filter((each) => isTold(each) || now.getTime() - each.since.getTime() >= settle).map(withText);
  const opened = settled.filter((each) => !isTold(each));
  const closed = told.filter((each) => !open.some(({ id }) => id === each.id));
  if (opened.length === 0 && closed.length === 0) return;
  const at = now.toISOString();
  const messages: Message[] = [
    ...opened.map((each) => ({ ...each, kind: 'condition-opened' as const, condition: each.kind, at })),
    ...closed.map((each) => ({ ...each, kind: 'condition-closed' as const, condition: each.kind, at, closed: at })),
  ];
  await store.enqueueMessages(addressed(receivers, messages), { source: SOURCE, value: JSON.stringify(settled) });
}

const withText = (condition: Condition): Told => ({ ...condition, since: condition.since.toISOString() });
