/** The shards of a revocation list: which one a certificate is in, and the URL of its list. */

/** `/crl/issuing.crl` becomes `/crl/issuing/3.crl`, on whatever host. The URL ends with `.crl`, or with that and a query. */
export const shardUrl = (url: string, shard: number): string => url.replace(/\.crl(?=$|[?#])/, `/${shard}.crl`);

/** The shard that the URLs in a certificate name, 0 for none. */
export function shardNamed(urls: readonly string[]): number {
  const [, shard] =
    urls.map((url) => /\/crl\/[A-Za-z0-9_-]+\/([1-9]\d{0,3})\.crl(?:$|[?#])/.exec(url)).find(Boolean) ?? [];
  return Number(shard ?? 0);
}

/** From 1 to `number`, by the last octets of the serial number, which are random. */
export const shardOf = (serialNumber: Uint8Array, number: number): number =>
  1 + (((serialNumber.at(-1) ?? 0) + 256 * (serialNumber.at(-2) ?? 0)) % number);
