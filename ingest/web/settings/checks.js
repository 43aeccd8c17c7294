// Checks of the connections: a button for each side and one for all; every row with its remedy.
import { h, fill, busyButton } from '../parts/dom.js';
import { t, tc } from '../i18n.js';
import { accountPath, post } from '../api.js';
import { refusalBox } from '../parts/refused.js';
import { readyRemedies, remedyWords } from './remedies.js';

const sides = { mango: ['mango', 'extensions'], megaplan: ['megaplan', 'telephony', 'employees', 'fields', 'vendor'] };

const result = (r) => h('tr', null,
    h('th', { scope: 'row' }, tc('check', r.check)),
    h('td', { 'data-label': t('checks.status') }, h('span', { class: `mark ${r.status}` }, tc('status', r.status))),
    h('td', { 'data-label': t('checks.found') }, r.found),
    h('td', { 'data-label': t('checks.remedy') }, remedyWords(r.code, r.remedy)));

const results = (rows) => h('table', { class: 'cards' },
    h('caption', { class: 'visually-hidden' }, t('checks.title')),
    h('thead', null, h('tr', null, [t('checks.check'), t('checks.status'), t('checks.found'), t('checks.remedy')].map((s) => h('th', { scope: 'col' }, s)))),
    h('tbody', null, rows.map(result)));

/** {button(side), place, run(side)}: side is 'mango', 'megaplan' or '' for all. */
export function checks(form, account, signal) {
    const place = h('div', { class: 'results', 'aria-live': 'polite' });
    const run = async (side) => {
        fill(place, h('p', { class: 'loading' }, t('checks.running')));
        try {
            const [{ rows }] = await Promise.all([
                post(accountPath(account, '/checks'), side ? { checks: sides[side] } : {}, { signal }), readyRemedies()]);
            const bad = rows.filter((r) => r.status === 'fail' || r.status === 'warn').length;
            fill(place, form.dirty() && h('p', { class: 'box warn' }, t('checks.saved_only')),
                h('p', null, h('strong', null, bad ? t('checks.some') : t('checks.fine'))), results(rows));
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, refusalBox(e, () => run(side)));
        }
    };
    const texts = { mango: t('checks.mango'), megaplan: t('checks.megaplan'), '': t('checks.all') };
    return { place, run, button: (side) => busyButton(texts[side], () => run(side)) };
}
