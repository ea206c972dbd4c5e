/** Statements that fill a database of PostgreSQL with certificates of two years, quicker than a store records them. */

const YEARS = 2 * 365 * 86_400_000;

/** As row-ids.ts makes them: milliseconds since 2024, and twelve bits. */
const EPOCH = 1_704_067_200_000;

/** `rows` certificates, the last one of yesterday, and a part for each month. The tables are those of a new store. */
export function fillOf(rows: number): string[] {
  const end = Date.now() - 86_400_000;
  const step = Math.floor(YEARS / rows);
  const id = (n: string): string => `((${end - EPOCH} - (${rows} - ${n})::bigint * ${step}) * 4096)`;
  const each = `from generate_series(1, ${rows}) as n, lateral (select ${end} - (${rows} - n)::bigint * ${step} as m,
    md5(n::text) as k) as of_row`;
  return [
    ...['certificates', 'audit'].flatMap((table) => monthsOf(table, end)),
    `insert into issuers (id, issuer_id, name) values (1, 'of the filled ones', 'CN=Bench CA')`,
    `insert into certificates (id, issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint,
        thumbprint_sha256, public_key_hash, renews, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at,
        delivered_at)
      select ${id('n')}, 1, k, '/scep', k || 'abcdef00', 'CN=stored-' || n, 'cn=stored-' || n, upper(k) || 'ABCDEF00', k || k,
        k || md5(k), case when n % 3 = 0 then ${id('(n / 2)')} end, m, 0, decode(repeat(k, 69), 'hex'), m,
        m + 31536000000, 'delivered', m, m ${each}`,
    `insert into serials select id, issuer, serial, renews, renews_unrecorded from certificates`,
    `insert into transactions (id, key, request, nonces, endpoint, transaction_id, signer, subject, state, created_at,
        updated_at, certificate_id)
      select ${id('n')}, k || md5('p' || n), md5('r' || n) || k, k, '/scep', k || 'abcdef00', k || k, 'CN=stored-' || n,
        'issued', m, m, ${id('n')} ${each}`,
    `insert into names (kind, value, certificate_id) select 'cn', 'stored-' || n, ${id('n')} ${each}`,
    `insert into names (kind, value, certificate_id) select 'upn', 'user-' || n || '@example.com', ${id('n')} ${each}`,
    `insert into names (kind, value, certificate_id) select 'intuneDeviceId', md5('d' || n), ${id('n')} ${each}`,
    `insert into audit (id, at, event, endpoint, transaction_id, serial, certificate_id, actor, source)
      select ${id('n')}, m, 'issued', '/scep', k || 'abcdef00', k, ${id('n')}, 'device', 'scep' ${each}`,
  ];
}

/** Those before the month of now, which the store has made. */
function monthsOf(table: string, end: number): string[] {
  const now = new Date();
  const first = new Date(end - YEARS);
  const months: Date[] = [];
  for (let n = 0; ; n++) {
    const month = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + n, 1));
    months.push(month);
    if (month.getUTCFullYear() === now.getUTCFullYear() && month.getUTCMonth() === now.getUTCMonth()) break;
  }
  const bound = (month: Date | undefined): number => ((month?.getTime() ?? 0) - EPOCH) * 4096;
  return [
    `drop table ${table}_before`,
    `create table ${table}_before partition of ${table} for values from (minvalue) to (${bound(months[0])})`,
    ...months.slice(0, -1).map(
      (month, n) => `create table ${table}_${month.toISOString().slice(0, 7).replace('-', '_')} partition of ${table}
          for values from (${bound(month)}) to (${bound(months[n + 1])})`,
    ),
  ];
}
