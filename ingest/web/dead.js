// What could not be delivered, with its reason; and sending it again.
import { h, fill, button, busyButton, announce, show } from './parts/dom.js';
import { t, tn, tc } from './i18n.js';
import { accountPath, get, post } from './api.js';
import { address } from './router.js';
import { dateTime, machineTime } from './parts/format.js';
import { refusalBox } from './parts/refused.js';
import { makeTable } from './parts/rows.js';

const AT_ONCE = 100; // the API takes so many at a time

async function sendAgain(account, ids, signal) {
    const sent = [];
    const refused = [];
    for (let i = 0; i < ids.length; i += AT_ONCE) {
        const answer = await post(accountPath(account, '/dead'), { ids: ids.slice(i, i + AT_ONCE) }, { signal });
        sent.push(...answer.sent);
        refused.push(...answer.refused);
    }
    return { sent, refused };
}

const outcome = ({ sent, refused }) => h('div', { class: refused.length ? 'box warn' : 'box' },
    h('p', null, tn('dead.sent', sent.length)),
    refused.length > 0 && h('ul', null, refused.map((r) => h('li', null, `${r.id}: ${r.reason}`))));

export async function openDead({ account, signal, stream }) {
    const chosen = new Set();
    const result = h('div', { role: 'status' });
    const place = h('div');
    let boxes = [];
    let full; // 1: numbers are wanted whole
    const go = async (ids) => {
        if (!ids.length) return void announce(t('dead.choose'));
        try {
            const answer = await sendAgain(account, ids, signal);
            fill(result, outcome(answer));
            await load();
        } catch (e) {
            if (e.name !== 'AbortError') fill(result, refusalBox(e));
        }
    };
    const box = (row) => {
        const b = h('input', {
            type: 'checkbox', 'aria-label': t('dead.select', { id: row.id }), checked: chosen.has(row.id),
            on: { change: () => chosen[b.checked ? 'add' : 'delete'](row.id) },
        });
        boxes.push(b);
        return b;
    };
    const table = makeTable(t('dead.title'), [
        [t('dead.at'), (r) => h('div', { class: 'line' }, box(r), h('time', { datetime: machineTime(r.at) }, dateTime(r.at)))],
        [t('dead.kind'), (r) => tc('job', r.kind)],
        [t('dead.reason'), (r) => [h('span', { class: 'reason-text' }, r.reason), r.http_status ? h('span', { class: 'hint' }, ` HTTP ${r.http_status}`) : null]],
        [t('dead.tries'), (r) => (r.tries ? String(r.tries) : '')],
        [t('dead.call'), (r) => r.entry_id && h('a', { href: address(account, 'calls', r.entry_id) }, t('dead.story'))],
        [t('dead.action'), (r) => busyButton(t('dead.again'), () => go([r.id]), { 'aria-label': t('dead.again.of', { id: r.id }) })],
    ]);
    const all = h('div', { class: 'buttons', hidden: true },
        button(t('dead.all'), () => { for (const b of boxes) { b.checked = true; b.dispatchEvent(new Event('change')); } }),
        busyButton(t('dead.selected'), () => go([...chosen]), { class: 'primary' }));
    const numbers = button(t('story.numbers'), () => { full = 1; load(); }, { hidden: true });
    const load = async () => {
        try {
            const data = await get(accountPath(account, '/dead'), { limit: 500, show: full }, { signal });
            boxes = [];
            for (const id of [...chosen]) if (!data.rows.some((r) => r.id === id)) chosen.delete(id);
            fill(table.body, data.rows.map(table.draw));
            show(table.element, data.rows.length > 0);
            show(all, data.rows.length > 0);
            show(numbers, !full && data.rows.some((r) => r.reason?.includes('**')));
            fill(place, data.rows.length ? data.more && h('p', { class: 'hint' }, t('dead.more')) : h('p', null, t('dead.none')));
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, refusalBox(e, load));
        }
    };
    stream.on('dead', () => load());
    await load();
    return {
        title: t('dead.title'),
        element: h('section', { class: 'card' }, h('p', { class: 'hint' }, t('dead.hint')), all, result, table.element, place, numbers),
    };
}
