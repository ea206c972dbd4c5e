/** One lock for the threads of one process, so that none of them waits inside of SQLite for another one. */

/** The lock, seen by one of its users. `take` is undefined when the turn came at once. */
export type Turns = { take: () => Promise<void> | undefined; give: () => void };

/** The memory of a lock: who has the turn, and the number of users so far. */
export const turnsMemory = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

const [HOLDER, USERS] = [0, 1];
const FREE = 0;
/** Milliseconds after which the lock is looked at again without having been woken. */
const LOOK_AGAIN = 1_000;

/** A number for a new user of the lock. */
export const newUser = (memory: Int32Array): number => Atomics.add(memory, USERS, 1) + 1;

/** The lock as this user takes it. It is not reentrant. */
export function turns(memory: Int32Array, user: number): Turns {
  const holder = (): number => Atomics.compareExchange(memory, HOLDER, FREE, user);
  async function wait(other: number): Promise<void> {
    for (let before = other; before !== FREE; before = holder())
      await Atomics.waitAsync(memory, HOLDER, before, LOOK_AGAIN).value;
  }
  return {
    take() {
      const other = holder();
      return other === FREE ? undefined : wait(other);
    },
    give() {
      giveUp(memory, user);
    },
  };
}

/** Ends the turn of a user, if it has it: also of one that is gone. */
export function giveUp(memory: Int32Array, user: number): void {
  if (Atomics.compareExchange(memory, HOLDER, user, FREE) === user) Atomics.notify(memory, HOLDER, 1);
}
