/** The first page: what is wrong now, figures, and how each part stands. A script reads it again every half minute. */
import { OVERVIEW_ACTIONS, type Overview } from '../../actions/overview-actions.ts';
import { hourBars } from './hour-bars.ts';
import { html, type Html, link } from './html.ts';
import { OVERVIEW_TEXTS as TEXT } from './overview-texts.ts';
import { standingParts } from './overview-parts.ts';
import type { Page, Visit } from './page-row.ts';
import { badge, figure, moment, notice, readable } from './page-parts.ts';
import { read } from './reading.ts';

const [READ] = OVERVIEW_ACTIONS;
const REFRESH_SECONDS = 30;

/** `/admin/`. */
export const OVERVIEW_PAGE: Page = {
  path: '/admin/',
  title: TEXT.title,
  menu: TEXT.title,
  permission: READ.permission,
  async render(visit) {
    const overview = await read(READ, visit, {});
    return html`<div id="overview" data-refresh="${REFRESH_SECONDS}">
${attention(visit, overview)}
${figures(overview)}
${hourBars(overview.hours)}
${standingParts(visit, overview)}
</div>`;
  },
};

function attention(visit: Visit, overview: Overview): Html {
  const { conditions, checkedAt } = overview.conditions;
  const checked = checkedAt ? html`${TEXT.checked} ${moment(new Date(checkedAt), visit.now)}` : TEXT.notChecked;
  if (conditions.length === 0 && somethingFails(overview))
    return notice('attention', html`<strong>${TEXT.fails}</strong> ${checked}`);
  if (conditions.length === 0)
    return notice(
      checkedAt ? 'good' : 'neutral',
      html`${checkedAt && html`<strong>${TEXT.clear}.</strong> `}${checked}`,
    );
  return html`<section class="card attention-list" aria-labelledby="attention">
<h2 id="attention">${TEXT.attention} <span class="count-badge">${conditions.length}</span></h2>
<ul class="plain">${conditions.map((each) => conditionItem(visit, each))}</ul>
<p class="muted">${checked}</p></section>`;
}

/** What is looked at now can have failed since the last check, which is once a minute. */
const somethingFails = ({ tenants = [], endpoints = [] }: Overview): boolean =>
  tenants.some(({ usable }) => !usable) || endpoints.some(({ serves }) => !serves);

function conditionItem(visit: Visit, condition: Overview['conditions']['conditions'][number]): Html {
  const { look, words } = TEXT.severities[condition.severity];
  return html`<li class="condition ${look}"><p>${badge(look, words)} <strong>${readable(condition.what)}</strong></p>
<p>${TEXT.todo}: ${condition.remedy}</p>
<p class="muted">${TEXT.since} ${moment(new Date(condition.since), visit.now)} · ${TEXT.page}: <code>docs/${condition.page}</code></p></li>`;
}

function figures({ waiting, certificates: { valid, ending, revoked, days } }: Overview): Html {
  return html`<section aria-label="${TEXT.figures}"><div class="figures">
${figure(waiting, TEXT.waiting, '/admin/waiting')}
${figure(valid, TEXT.valid, link('/admin/certificates', { state: 'delivered' }))}
${figure(ending, TEXT.ending(days), link('/admin/certificates', { state: 'delivered', expiresWithin: String(days) }))}
${figure(revoked, TEXT.revoked, link('/admin/certificates', { state: 'revoked' }))}
</div></section>`;
}
