/** The authorities: chains, thumbprints by platform, RAs, revocation lists, OCSP, certificates to download. */
import { AUTHORITY_ACTIONS } from '../../actions/authority-actions.ts';
import type { AuthorityView, DownloadedCertificate } from '../../actions/authority-view.ts';
import { AUTHORITIES_TEXTS as TEXT } from './authorities-texts.ts';
import { certificateTable } from './certificate-parts.ts';
import { html, type Html, link, type Piece } from './html.ts';
import type { Attachment, Page, Visit } from './page-row.ts';
import { ordersPart } from './orders-part.ts';
import { badge, copyable, facts, moment, notice, section } from './page-parts.ts';
import { read } from './reading.ts';
import { type Column, table } from './table-part.ts';

const [LIST, READ] = AUTHORITY_ACTIONS;

const PATH = '/admin/authorities';

/** `/admin/authorities`. With `download`, the SHA-256 of a certificate of the chain, it is that file. */
export const AUTHORITIES_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const { query } = visit;
    const wanted = query.get('download');
    if (wanted !== null) {
      const { certificates } = await read(READ, visit, { name: query.get('authority') ?? '' });
      const found = certificates.find(({ sha256 }) => sha256 === wanted);
      if (found) return attachment(found, query.get('form') === 'pem');
    }
    const { authorities } = await read(LIST, visit, {});
    const cards = authorities.map((each) => card(each, visit));
    return html`<p>${TEXT.about}</p>${await ordersPart(visit)}${cards.length > 0 ? cards : html`<p class="empty">${TEXT.empty}</p>`}`;
  },
};

const attachment = ({ file, pem, der }: DownloadedCertificate, asPem: boolean): Attachment =>
  asPem
    ? { file: `${file}.pem`, type: 'application/x-pem-file', body: pem }
    : { file: `${file}.cer`, type: 'application/pkix-cert', body: Buffer.from(der, 'base64') };

function card(view: AuthorityView, visit: Visit): Html {
  if (view.failure !== undefined)
    return section(view.name, notice('bad', [html`<p>${TEXT.notLoaded}</p>`, view.failure]), idOf(view));
  const { name, key, endpoints, chain, next, previous, ra, ocsp } = view;
  return section(
    name,
    [
      key.failure !== undefined && notice('bad', TEXT.keyFails(key.failure)),
      facts([
        [TEXT.endpoints, endpoints.join(', ') || TEXT.none],
        [TEXT.key, `${key.kind}, ${key.place}`],
        [TEXT.crlUrls, urls(view.urls.crl)],
        [TEXT.ocspUrls, urls(view.urls.ocsp)],
        [TEXT.issuerUrls, urls(view.urls.issuer)],
        [TEXT.download, downloads(view)],
      ]),
      part(TEXT.chain, certificateTable(`${name}: ${TEXT.chain}`, chain, visit)),
      html`<h3>${TEXT.platforms}</h3><p>${TEXT.platformsAbout}</p>${platforms(view)}`,
      part(TEXT.ra, certificateTable(`${name}: ${TEXT.ra}`, ra, visit)),
      next.length > 0 && part(TEXT.next, certificateTable(`${name}: ${TEXT.next}`, next, visit)),
      previous.length > 0 && part(TEXT.previous, certificateTable(`${name}: ${TEXT.previous}`, previous, visit)),
      part(TEXT.lists, lists(view, visit)),
      ocsp && part(TEXT.ocsp, signers(view, ocsp.signers, visit)),
    ],
    idOf(view),
  );
}

/** What the overview links to. */
const idOf = ({ name }: AuthorityView): string => `of-${name}`;

const part = (title: string, body: Piece): Html => html`<h3>${title}</h3>${body}`;

const urls = (all: readonly string[]): Piece =>
  all.length > 0 && all.map((each, at) => html`${at > 0 && html`<br>`}${copyable(each)}`);

const downloads = ({ name, chain }: AuthorityView): Piece =>
  chain.map(({ subject, sha256, role }, at) => {
    const to = (form: 'pem' | 'der') => link(PATH, { authority: name, download: sha256, form });
    const hidden = html`<span class="hidden">${TEXT.downloadNamed(subject)}</span>`;
    return html`${at > 0 && html`<br>`}${role}: <a href="${to('pem')}">${TEXT.pem}${hidden}</a>, <a href="${to('der')}">${TEXT.der}${hidden}</a>`;
  });

function platforms({ name, platforms: rows }: AuthorityView): Html {
  const columns: readonly Column<AuthorityView['platforms'][number]>[] = [
    { head: TEXT.platform, cell: ({ platform }) => platform },
    { head: TEXT.which, cell: ({ which, subject }) => html`${which}<br><span class="muted">${subject}</span>` },
    { head: 'SHA-1', cell: ({ sha1 }) => copyable(sha1) },
    { head: 'SHA-256', cell: ({ sha256 }) => copyable(sha256) },
  ];
  return table(`${name}: ${TEXT.platforms}`, { columns, rows });
}

function lists({ name, lists: rows }: AuthorityView, { now }: Visit): Html {
  const time = (text: string | undefined): Piece => text !== undefined && moment(new Date(text), now);
  const columns: readonly Column<AuthorityView['lists'][number]>[] = [
    {
      head: TEXT.list,
      cell: ({ path, failure }) => html`<code>${path}</code>${failure !== undefined && failed(failure)}`,
    },
    { head: TEXT.number, cell: ({ number }) => number?.toString() },
    { head: TEXT.thisUpdate, cell: ({ thisUpdate }) => time(thisUpdate) },
    { head: TEXT.nextUpdate, cell: ({ nextUpdate }) => time(nextUpdate) },
    { head: TEXT.shards, cell: ({ shards }) => (shards > 0 ? shards : undefined) },
  ];
  return table(`${name}: ${TEXT.lists}`, { columns, rows });
}

const failed = (why: string): Html => html`<br>${badge('bad', TEXT.failure)} ${why}`;

const signers = ({ name }: AuthorityView, all: AuthorityView['chain'], visit: Visit): Piece =>
  all.length > 0 ? certificateTable(`${name}: ${TEXT.ocsp}`, all, visit) : notice('bad', TEXT.noSigner);
