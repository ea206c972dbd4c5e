/**
 * Weak RSA keys, as far as they are found in some microseconds: the rules of NIST SP 800-89 5.3.3 but the test whether the
 * modulus is prime (that test takes as long as the rest of an enrolment), close factors (Fermat), and ROCA
 * (CVE-2017-15361).
 */

/** SP 800-89 5.3.3. */
const LEAST_EXPONENT = 65_537n;
/** SP 800-89 5.3.3: no factor below 752. */
const SMALL_PRIMES: readonly number[] = primesBelow(752).slice(1);
/** The largest prime of the fingerprint that finds all keys of the faulty chips up to 2,048 bits. */
const LAST_ROCA_PRIME = 167;

function primesBelow(end: number): number[] {
  const primes: number[] = [];
  for (let n = 2; n < end; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

/** Primes with their product, which is below 2^53: one division of the modulus serves all of them. */
type Group = { product: bigint; primes: number[] };
const GROUPS: readonly Group[] = SMALL_PRIMES.reduce<Group[]>((groups, prime) => {
  const last = groups.at(-1);
  const product = (last?.product ?? 1n) * BigInt(prime);
  if (!last || product > BigInt(Number.MAX_SAFE_INTEGER)) groups.push({ product: BigInt(prime), primes: [prime] });
  else groups[groups.length - 1] = { product, primes: [...last.primes, prime] };
  return groups;
}, []);

/** The faulty chips made primes that are a power of 65,537 modulo each of the first primes; so is their product. */
const ROCA: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  SMALL_PRIMES.filter((prime) => prime <= LAST_ROCA_PRIME).map((prime) => [prime, powersOf(65_537 % prime, prime)]),
);

function powersOf(base: number, prime: number): Set<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * base) % prime) powers.add(power);
  return powers;
}

/** What is wrong with an RSA public key, as text; undefined when nothing is found. Both numbers are magnitudes. */
export function rsaWeakness(modulus: Uint8Array, exponent: Uint8Array): string | undefined {
  if (numberOf(exponent) < LEAST_EXPONENT) return `the exponent ${numberOf(exponent)}, which is below 65537`;
  const n = numberOf(modulus);
  if ((n & 1n) === 0n) return 'an even modulus';
  let isRoca = true;
  for (const { product, primes } of GROUPS) {
    const rest = Number(n % product);
    for (const prime of primes) {
      if (rest % prime === 0) return `a modulus with the factor ${prime}`;
      if (isRoca && ROCA.get(prime)?.has(rest % prime) === false) isRoca = false;
    }
  }
  if (isRoca) return 'a modulus of a chip with the ROCA fault (CVE-2017-15361)';
  return hasCloseFactors(n) ? 'a modulus whose factors are equal or close to each other' : undefined;
}

const numberOf = (magnitude: Uint8Array): bigint =>
  BigInt(`0x0${Buffer.from(magnitude.buffer, magnitude.byteOffset, magnitude.length).toString('hex')}`);

const ROUNDS = 100;
/** Squares modulo these numbers: few numbers that are no square pass all of them. */
const SIEVES: readonly { by: number; squares: ReadonlySet<number> }[] = [64, 63, 65, 11, 17, 19, 23, 31].map((by) => ({
  by,
  squares: new Set(Array.from({ length: by }, (_, root) => (root * root) % by)),
}));
const SIEVE = SIEVES.reduce((product, { by }) => product * BigInt(by), 1n);

/** Fermat's factorisation: n = a² - b² for an `a` in the first rounds above the root of n. A square has b = 0. */
function hasCloseFactors(n: bigint): boolean {
  const floor = squareRoot(n);
  const first = floor * floor === n ? floor : floor + 1n;
  const [rest, start] = [Number(n % SIEVE), Number(first % SIEVE)];
  for (let round = 0; round < ROUNDS; round++)
    if (SIEVES.every(({ by, squares }) => squares.has(residue(start + round, rest, by)))) {
      const a = first + BigInt(round);
      const square = a * a - n;
      if (squareRoot(square) ** 2n === square) return true;
    }
  return false;
}

/** a² - n modulo `by`, not negative. */
function residue(a: number, n: number, by: number): number {
  const root = a % by;
  return (root * root - (n % by) + by) % by;
}

/** The whole part of the root: Newton's method from above, with the first 50 bits from a floating-point number. */
function squareRoot(n: bigint): bigint {
  if (n === 0n) return 0n;
  const shift = BigInt(Math.max(0, (n.toString(16).length * 4 - 100) >> 1));
  let root = (BigInt(Math.floor(Math.sqrt(Number(n >> (shift * 2n))))) + 2n) << shift;
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
