/** Statements that fill an SQLite store with certificates of two years at twenty endpoints, quicker than a store records them. */

const YEARS = 2 * 365 * 86_400_000;

/** `rows` certificates, the last one of `end`, all with this DER, hexadecimal; every fiftieth is revoked. The tables are those of a new store. */
export function sqliteFillOf(rows: number, { end, der }: { end: number; der: string }): string[] {
  const step = Math.floor(YEARS / rows);
  const numbers = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${rows})`;
  const from = `select n, (${end} - (${rows} - n) * ${step}) as m, printf('%08x', n * 2654435761 % 4294967291) || printf('%024x', n) as k from numbers`;
  const state = `case when n % 50 = 0 then 'revoked' else 'delivered' end`;
  const endpoint = `'/scep-' || case when n % 1000 = 7 then 'rare' else n % 20 end`;
  return [
    `insert into issuers (id, issuer_id, name, authority) values (1, '${'a'.repeat(64)}', 'CN=Bench CA', 'bench'), (2, '${'b'.repeat(64)}', 'CN=Other CA', 'other')`,
    `insert into endpoint_names (name) ${numbers} select '/scep-' || (n - 1) from numbers where n <= 20 union all select '/scep-rare'`,
    `insert into certificates (id, issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint, thumbprint_sha256,
        public_key_hash, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at, delivered_at, revoked_at, revocation_reason)
      ${numbers} select n, 1 + (n % 20 = 19), k, ${endpoint}, k || 'abcdef00', 'CN=stored-' || n || ',O=Contoso', 'cn=stored-' || n || ',o=contoso',
        upper(k) || 'ABCDEF00', k || k, k || k, m, 0, x'${der}', m, m + 31536000000, ${state}, m, m,
        case when n % 50 = 0 then m end, case when n % 50 = 0 then 'superseded' end from (${from})`,
    `insert into names (kind, value, certificate_id) ${numbers} select 'cn', 'stored-' || n, n from numbers order by 2`,
    `insert into names (kind, value, certificate_id) ${numbers} select 'upn', 'user-' || (n / 3) || '@example.com', n from numbers order by 2, 3`,
    `insert into revocations (certificate_id, issuer, serial, revoked_at, reason, not_after, crl_shard)
      select id, issuer, serial, issued_at, 'superseded', not_after, 0 from certificates where state = 'revoked'`,
    `insert into audit (id, at, event, endpoint, transaction_id, serial, certificate_id, actor, source)
      ${numbers} select n, m, 'issued', ${endpoint}, k || 'abcdef00', k, n, 'device', 'scep' from (${from})`,
    `update audit set event = 'revoked', actor = 'person', actor_name = 'ada', source = 'cli' where id % 5000 = 0`,
  ];
}
