/**
 * Weak RSA keys, as far as they are found in some microseconds: the rules of NIST SP 800-89 5.3.3 but the test whether the
 * modulus is prime (that test takes as long as the rest of an enrolment), close factors (Fermat), and ROCA
 * (CVE-2017-15361).
 */

/** SP 800-89 5.3.3. */
const LEAST_EXPONENT = 65_537;
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
  const e = exponent.reduce((value, octet) => value * 256 + octet, 0);
  if (e < LEAST_EXPONENT) return `the exponent ${e}, which is below 65537`;
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
  return hasCloseFactors(n, modulus.length * 8)
    ? 'a modulus whose factors are equal or close to each other'
    : undefined;
}

const numberOf = (magnitude: Uint8Array): bigint =>
  BigInt(`0x0${Buffer.from(magnitude.buffer, magnitude.byteOffset, magnitude.length).toString('hex')}`);

const ROUNDS = 100;
/** Squares modulo these numbers, by residue: few numbers that are no square pass all of them. */
const SIEVES: readonly { by: number; squares: Uint8Array }[] = [64, 63, 65, 11, 17, 19, 23, 31].map((by) => {
  const squares = new Uint8Array(by);
  for (let root = 0; root < by; root++) squares[(root * root) % by] = 1;
  return { by, squares };
});
const SIEVE = SIEVES.reduce((product, { by }) => product * BigInt(by), 1n);

/** Fermat's factorisation: n = a² - b² for an `a` in the first rounds above the root of n. A square has b = 0. */
function hasCloseFactors(n: bigint, bits: number): boolean {
  const floor = squareRoot(n, bits);
  const first = floor * floor === n ? floor : floor + 1n;
  return roundsToTry(n, first).some((round) => isSquare((first + BigInt(round)) ** 2n - n));
}

/** The rounds in which a² - n passes the sieves. */
function roundsToTry(n: bigint, first: bigint): number[] {
  const [rest, start] = [Number(n % SIEVE), Number(first % SIEVE)];
  const sieves = SIEVES.map(({ by, squares }) => ({ by, squares, a: start % by, n: rest % by }));
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) if (passes(round, sieves)) rounds.push(round);
  return rounds;
}

/** A sieve, with `a` of the first round and `n` modulo its number. */
type Sieve = (typeof SIEVES)[number] & { a: number; n: number };

function passes(round: number, sieves: readonly Sieve[]): boolean {
  for (const { by, squares, a, n } of sieves)
    if (squares[((a + round) * (a + round) - n + by) % by] === 0) return false;
  return true;
}

const isSquare = (n: bigint): boolean => squareRoot(n, n.toString(16).length * 4) ** 2n === n;

/**
 * The whole part of the root of a number of at most `bits` bits. Newton's method with numbers that double in length: the
 * upper half of the number gives the upper half of its root, and one division the rest, which is at most one too large.
 */
function squareRoot(n: bigint, bits: number): bigint {
  if (bits <= 50) return BigInt(Math.floor(Math.sqrt(Number(n))));
  const quarter = (bits >> 2) - 4;
  const upper = (squareRoot(n >> BigInt(quarter * 2), bits - quarter * 2) + 1n) << BigInt(quarter);
  const root = (upper + n / upper) >> 1n;
  return root * root > n ? root - 1n : root;
}
