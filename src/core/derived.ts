/** A value that is made from another one, and made anew only when that one is another object. */
export function derived<From, Made>(current: () => From, make: (from: From) => Made): () => Made {
  let last: { from: From; made: Made } | undefined;
  return () => {
    const from = current();
    if (!last || last.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}
