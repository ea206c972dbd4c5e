/** One certificate: what is in it, what verifiers are told, its chain, renewals and history; and what can be done with it. */
import { CERTIFICATE_ACTIONS } from '../../actions/certificate-actions.ts';
import type { CertificateDetails } from '../../actions/certificate-details.ts';
import { auditTable } from './audit-table.ts';
import { certificateForms } from './certificate-forms.ts';
import { certificateLink, certificateList, stateBadge } from './certificates-page.ts';
import { CERTIFICATE_PAGE_TEXTS as TEXT } from './certificates-texts.ts';
import { html, type Html, link } from './html.ts';
import type { Page, Visit } from './page-row.ts';
import { badge, copyable, facts, moment, section } from './page-parts.ts';
import { read } from './reading.ts';
import { table } from './table-part.ts';

const [LIST, , READ] = CERTIFICATE_ACTIONS;

/** `/admin/certificate`, with `serial`, and with `issuer` where several issuers used this serial number. */
export const CERTIFICATE_PAGE: Page = {
  path: '/admin/certificate',
  title: TEXT.title,
  permission: 'view',
  async render(visit) {
    const serial = visit.query.get('serial') ?? '';
    const issuer = visit.query.get('issuer') ?? (await onlyIssuer(visit, serial));
    const list = link('/admin/certificates', serial === '' ? {} : { q: serial });
    if (!issuer || serial === '') return html`<p>${TEXT.choose} <a href="${list}">${TEXT.list}</a></p>`;
    const details = await read(READ, visit, { issuer, serial });
    return html`${section(TEXT.facts, factsOf(details, visit))}
${section(TEXT.verifiers, verifiers(details, visit))}
${certificateForms(details, visit)}
${section(TEXT.extensions, content(details))}
${section(TEXT.chain, chain(details))}
${section(TEXT.renewals, renewals(details, visit))}
${section(TEXT.history, auditTable(TEXT.history, details.history, { ...visit, empty: TEXT.noHistory }))}`;
  },
};

/** Of the one certificate with this serial number. */
async function onlyIssuer(visit: Visit, serial: string): Promise<string | undefined> {
  if (serial === '') return undefined;
  const { certificates } = await read(LIST, visit, { q: serial, limit: 50 });
  const [one, ...others] = certificates.filter((each) => each.serial === serial);
  return others.length === 0 ? one?.issuerId : undefined;
}

function factsOf({ certificate: of, authority, decoded }: CertificateDetails, { now }: Visit): Html {
  const time = (at: string | undefined) => at !== undefined && moment(new Date(at), now);
  return facts([
    [TEXT.state, stateBadge(of.state)],
    [TEXT.subject, of.subject],
    [TEXT.san, of.san],
    [TEXT.issuer, of.issuer],
    [TEXT.authority, authority],
    [TEXT.serial, copyable(of.serial)],
    [TEXT.sha1, copyable(of.thumbprint)],
    [TEXT.sha256, copyable(of.thumbprintSha256)],
    [TEXT.valid, time(of.notBefore)],
    [TEXT.until, time(of.notAfter)],
    [TEXT.endpoint, of.endpoint],
    [TEXT.transaction, of.transactionId],
    [TEXT.requests, html`<a href="${link('/admin/devices', { query: of.serial })}">${TEXT.toRequests}</a>`],
    [TEXT.issued, time(of.issuedAt)],
    [TEXT.delivered, time(of.deliveredAt)],
    [TEXT.imported, time(of.importedAt)],
    [TEXT.reference, of.reference],
    [TEXT.key, decoded?.key],
    [TEXT.signature, decoded?.signature],
  ]);
}

function verifiers({ revocation: { status, since, why, list, published } }: CertificateDetails, { now }: Visit): Html {
  const place = list === 0 ? TEXT.listWhole : TEXT.listPart(list);
  return facts([
    [TEXT.state, badge(status === 'good' ? 'good' : 'bad', TEXT.status[status])],
    [TEXT.since, since !== undefined && moment(new Date(since), now)],
    [TEXT.why, why],
    [TEXT.crl, `${place}; ${TEXT.published(published)}`],
  ]);
}

function content({ decoded, der }: CertificateDetails): Html {
  if (!decoded || der === undefined) return html`<p>${TEXT.removed}</p>`;
  const columns = [
    { head: TEXT.extension, cell: ({ name }: Extension) => name },
    { head: TEXT.critical, cell: ({ critical }: Extension) => (critical ? TEXT.yes : TEXT.no) },
    { head: TEXT.value, cell: ({ text }: Extension) => text },
  ];
  return html`${table(TEXT.extensions, { columns, rows: decoded.extensions })}
${facts([[TEXT.pointers, decoded.pointers.map(({ kind, uri }) => html`${kind}: <code>${uri}</code><br>`)]])}
<details><summary>${TEXT.pem}</summary><pre>${pem(der)}</pre></details>`;
}

type Extension = NonNullable<CertificateDetails['decoded']>['extensions'][number];

const pem = (der: string): string =>
  `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----`;

const chain = ({ chain: all }: CertificateDetails): Html =>
  table(TEXT.chain, {
    columns: [
      { head: TEXT.chainSubject, cell: ({ subject }) => subject },
      { head: TEXT.chainHash, cell: ({ sha256 }) => copyable(sha256) },
    ],
    rows: all,
    empty: TEXT.noChain,
  });

const renewals = ({ renews, renewals: all }: CertificateDetails, visit: Visit): Html =>
  html`${
    renews && html`<p>${TEXT.renews} <a href="${certificateLink(renews)}">${renews.serial}</a>.</p>`
  }${all.length > 0 ? certificateList(TEXT.renewals, all, visit) : html`<p class="empty">${TEXT.noRenewals}</p>`}`;
