/** What an operator can do with one certificate: revoke, hold, release, block. */
import type { CertificateDetails } from '../../actions/certificate-details.ts';
import { REASONS, REVOCATION_ACTIONS } from '../../actions/revocation-actions.ts';
import { CERTIFICATE_PAGE_TEXTS as TEXT } from './certificates-texts.ts';
import { choice, field, form, kept, tick } from './form-parts.ts';
import type { Fields } from './form-fields.ts';
import { html, type Html, link } from './html.ts';
import type { PageForm, PagePath, Visit } from './page-row.ts';
import { section } from './page-parts.ts';
import { may } from './reading.ts';

const [REVOKE, HOLD, RELEASE, BLOCK] = REVOCATION_ACTIONS;

const BACK = '/admin/certificate';

/** Those that fit its state, for those who may. */
export function certificateForms({ certificate: of, revocation }: CertificateDetails, visit: Visit): Html | false {
  if (!may(visit, REVOKE)) return false;
  const name = [kept('issuer', of.issuerId), kept('serial', of.serial)];
  const isHeld = of.revocationReason === 'certificateHold';
  const isGood = revocation.status === 'good';
  return html`${(isGood || isHeld) && section(TEXT.revokeTitle, revokeForm(name, visit))}
${isGood && of.deliveredAt !== undefined && section(TEXT.holdTitle, form(visit, { to: '/admin/certificate/hold', button: TEXT.hold, body: [name, why('hold')] }))}
${isHeld && section(TEXT.releaseTitle, form(visit, { to: '/admin/certificate/release', button: TEXT.release, body: name }))}
${section(TEXT.blockTitle, [html`<p>${TEXT.blockAbout}</p>`, form(visit, { to: '/admin/certificate/block', button: TEXT.blockButton, body: name })])}`;
}

const why = (of: string): Html => field({ name: 'why', of, label: TEXT.whyLabel, maxlength: 500 });

const revokeForm = (name: Html[], visit: Visit): Html =>
  form(visit, {
    to: '/admin/certificate/revoke',
    button: TEXT.revoke,
    danger: true,
    confirm: TEXT.revokeAsk,
    body: [name, reasonChoice(), why('revoke'), tick('block', TEXT.block), tick('withRenewals', TEXT.withRenewals)],
  });

/** The reasons of a revocation for good, as RFC 5280 calls them. */
export const reasonChoice = (): Html =>
  choice(
    { name: 'reason', label: TEXT.reason },
    REASONS.filter((each) => each !== 'certificateHold').map((each) => [each, each] as const),
  );

const named = ({ text }: Fields) => ({ issuer: text('issuer'), serial: text('serial') });
const withWhy = (fields: Fields) => ({ ...named(fields), ...(fields.text('why') && { why: fields.text('why') }) });
const again = (fields: Fields): string => link(BACK, named(fields));
const back = (_output: unknown, fields: Fields) => ({ to: again(fields) });

const row = (path: PagePath, action: { name: string }, rest: Pick<PageForm, 'done' | 'input'>): PageForm => ({
  path,
  action: action.name,
  back: BACK,
  again,
  answer: back,
  ...rest,
});

/** The forms. */
export const CERTIFICATE_FORMS: readonly PageForm[] = [
  row('/admin/certificate/revoke', REVOKE, {
    done: TEXT.revoked,
    input: (fields) => ({
      ...withWhy(fields),
      reason: fields.text('reason'),
      block: fields.text('block') === 'yes',
      withRenewals: fields.text('withRenewals') === 'yes',
    }),
  }),
  row('/admin/certificate/hold', HOLD, { done: TEXT.held, input: withWhy }),
  row('/admin/certificate/release', RELEASE, { done: TEXT.released, input: named }),
  row('/admin/certificate/block', BLOCK, { done: TEXT.blocked, input: named }),
];
