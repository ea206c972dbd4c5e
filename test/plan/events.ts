/** What happens next: arrivals, which are sorted already, and what was added since, in a binary heap. */

/** A device sends a message. */
export type Sending = { at: number; device: number };

export function eventQueue(arrivals: readonly number[]) {
  const heap: Sending[] = [];
  let arrived = 0;
  function add(sending: Sending): void {
    let place = heap.push(sending) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (heap[parent]!.at <= sending.at) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = sending;
  }
  function take(): Sending {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
  return {
    add,
    /** The earliest one; undefined at the end. */
    next(): Sending | undefined {
      const at = arrivals[arrived];
      if (at === undefined && heap.length === 0) return undefined;
      if (at === undefined || (heap.length > 0 && heap[0]!.at < at)) return take();
      return { at, device: arrived++ };
    },
  };
}
