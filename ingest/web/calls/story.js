// One call's story: what came in, what was decided and why, what was asked of Megaplan and MANGO, what came of it. Grows
// while it is looked at, until the call is done.
import { h, fill, button, show } from '../parts/dom.js';
import { t, tc, hasText } from '../i18n.js';
import { accountPath, get } from '../api.js';
import { address } from '../router.js';
import { machineTime, time } from '../parts/format.js';
import { shortened } from '../parts/masked.js';
import { refusalBox } from '../parts/refused.js';
import { kindWords, mark, reasonWords, stepWords } from './words.js';

const AGAIN_MS = 1000;
const TRIES = 45; // a test call takes its time until it is closed

const requestWords = (http) => `${http.method} ${http.path} → ${http.status || t('story.no_answer')}`
    + (http.ms !== undefined && http.ms !== null ? `, ${t('story.ms', { ms: http.ms })}` : '')
    + (http.try > 1 ? `, ${t('story.try', { n: http.try })}` : '');

const details = (row) => Object.keys(row.details || {}).length > 0
    && h('details', { open: row.what === 'would' }, h('summary', null, t('story.details')), h('pre', { tabindex: 0 }, JSON.stringify(row.details, null, 1)));

/** Which leg it is: where the call stands, between whom. */
function eventWords({ what, details: d = {} }) {
    const from = d.from_extension || d.from;
    const to = d.to_extension || d.to;
    return [hasText('event', what) ? tc('event', what) : what, d.location && tc('place', d.location),
        (from || to) && shortened(`${from || '—'} → ${to || '—'}`)].filter(Boolean).join(', ');
}

function whatWords(row, entry) {
    if (row.type === 'event') return eventWords(row);
    const { name } = stepWords(row, entry);
    return [name || row.what, row.what && hasText('result', row.what) ? tc('result', row.what) : row.http ? null : row.what]
        .filter((s, i, all) => s && all.indexOf(s) === i).join(': ');
}

const rowElement = (row, entry) => h('li', { class: `story ${row.type}` },
    h('time', { datetime: machineTime(row.at) }, time(row.at)), ' ',
    h('span', { class: 'badge' }, tc('type', row.type)), ' ',
    h('strong', null, whatWords(row, entry)), row.rule && h('span', { class: 'hint' }, ` ${row.rule}`),
    row.reason && h('p', null, shortened(reasonWords(row.reason))),
    row.http && h('p', { class: 'hint' }, requestWords(row.http)),
    details(row));

const summaryElement = (s) => h('p', { class: 'box' }, h('strong', null, kindWords(s)), '. ',
    s.saved ? t('story.saved') : t('story.unsaved'), ' ',
    s.client_id && `${t('story.client', { id: s.client_id })} `,
    s.task_id && `${t('story.task', { id: s.task_id })} `, mark(s.state));

/** Draws the story into an element and keeps it fresh. expectMore: the call is only just beginning. */
export function followStory(account, entry, signal, expectMore) {
    const place = h('div', { 'aria-live': 'polite' }, h('p', { class: 'loading' }, t('loading')));
    const showButton = button(t('story.numbers'), () => { full = 1; load(); });
    let full = 0;
    let drawn = '';
    let tries = 0;
    const again = () => {
        if (tries++ < TRIES && !signal?.aborted) setTimeout(load, AGAIN_MS);
    };
    const draw = (data) => {
        const text = JSON.stringify(data);
        if (text === drawn) return;
        drawn = text;
        const open = [...place.querySelectorAll('details')].map((d) => d.open);
        fill(place, summaryElement(data.summary), data.cut && h('p', { class: 'box warn' }, t('story.cut')),
            h('ol', { class: 'stories' }, data.rows.map((row) => rowElement(row, entry))));
        place.querySelectorAll('details').forEach((d, i) => { if (i in open) d.open = open[i]; });
        show(showButton, !full && text.includes('**'));
    };
    const load = async () => {
        try {
            const data = await get(accountPath(account, '/story'), { entry_id: entry, show: full || null }, { signal });
            draw(data);
            if (data.summary.state === 'open') again();
        } catch (e) {
            if (e.name === 'AbortError') return;
            if (e.status === 404 && expectMore && tries < TRIES) again();
            else fill(place, refusalBox(e, load));
        }
    };
    load();
    show(showButton, false);
    return [place, h('div', { class: 'buttons' }, showButton)];
}

export const openStory = (context, entry) => ({
    title: t('story.title'),
    element: h('section', { class: 'card' },
        h('p', null, h('a', { href: address(context.account, 'calls') }, t('story.back'))),
        h('p', { class: 'hint' }, entry),
        followStory(context.account, entry, context.signal, false)),
});
