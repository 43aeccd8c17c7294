// Today's calls, newest first, live: who called whom, what was decided and what came of it.
import { h, fill, button, show } from '../parts/dom.js';
import { t } from '../i18n.js';
import { accountPath, get } from '../api.js';
import { address } from '../router.js';
import { machineTime, seconds, time } from '../parts/format.js';
import { maskedNumber, shortened } from '../parts/masked.js';
import { refusalBox } from '../parts/refused.js';
import { makeTable } from '../parts/rows.js';
import { kindWords, mark, readyWords, stepWords, testMark } from './words.js';
import { openStory } from './story.js';
import { openTestCall } from './test_call.js';

const PAGE = 50;

/** One line a step; what is said twice in a row stands once. */
function steps(call) {
    let before = '';
    return h('ul', { class: 'list' }, (call.steps || []).map((s) => {
        const { name, result, reason } = stepWords(s, call.entry_id);
        const line = h('li', null, `${name}: ${result}`, reason && h('span', { class: 'hint' }, ` (${shortened(reason)})`));
        const again = line.textContent === before;
        before = line.textContent;
        return !again && line;
    }));
}

/** The whole number of a call: its page of the list is asked for once more, in full. */
async function whole(account, call, which) {
    const before = new Date(new Date(call.at).getTime() + 1).toISOString();
    const rows = (await get(accountPath(account, '/calls'), { limit: 5, before, show: 1 })).calls;
    return rows.find((c) => c.entry_id === call.entry_id)?.[which] || '';
}

const numberOf = (account, call, which) => maskedNumber(call[which], () => whole(account, call, which));

const columns = (account) => [
    [t('calls.time'), (c) => h('time', { datetime: machineTime(c.at) }, time(c.at))],
    [t('calls.kind'), (c) => [h('a', { href: address(account, 'calls', c.entry_id) }, kindWords(c)), c.test && [' ', testMark()]]],
    [t('calls.from_to'), (c) => [numberOf(account, c, 'from'), ' → ', numberOf(account, c, 'to') || '—']],
    [t('calls.employee'), (c) => [c.employee_name || c.employee || '', c.extension && ` (${c.extension})`]],
    [t('calls.talk'), (c) => (c.talk_seconds === null ? '' : seconds(c.talk_seconds))],
    [t('calls.steps'), steps],
    [t('calls.state'), (c) => mark(c.state)],
];

function list(context) {
    const { account, signal, stream } = context;
    const table = makeTable(t('calls.title'), columns(account));
    const shown = new Map(); // entry_id -> {call, row}
    const empty = h('p', { hidden: true }, t('calls.none'));
    const place = h('div');
    const more = button(t('calls.more'), () => load(last()?.at), { hidden: true });
    const last = () => [...shown.values()].map((s) => s.call).sort((a, b) => (a.at < b.at ? -1 : 1))[0];

    const put = (call) => {
        const old = shown.get(call.entry_id);
        const row = table.draw(call);
        if (old) {
            const focused = old.row.contains(document.activeElement);
            old.row.replaceWith(row);
            if (focused) row.querySelector('a').focus();
        } else {
            const next = [...shown.values()].filter((s) => s.call.at < call.at).sort((a, b) => (a.call.at < b.call.at ? 1 : -1))[0];
            table.body.insertBefore(row, next ? next.row : null);
        }
        shown.set(call.entry_id, { call, row });
        show(empty, false);
    };
    const load = async (before) => {
        try {
            const data = await get(accountPath(account, '/calls'), { limit: PAGE, before }, { signal });
            fill(place);
            data.calls.forEach(put);
            show(more, data.more);
            show(empty, shown.size === 0);
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, refusalBox(e, () => load(before)));
        }
    };
    stream.on('call', (call) => { if (!call.account || call.account === account) put(call); });
    let lost = false;
    stream.state((state) => { // what was missed meanwhile
        if (state === 'lost') lost = true;
        else if (state && lost) { lost = false; load(); }
    });
    load();
    return [place, table.element, empty, more];
}

function liveState(stream) {
    const live = h('p', { class: 'hint' });
    stream.state((state) => { live.textContent = state === 'lost' ? t('live.lost') : state && t('live.open'); });
    return live;
}

export async function openCalls(context) {
    const { account, rest } = context;
    await readyWords();
    if (rest) return openStory(context, rest);
    return {
        title: t('calls.title'),
        element: h('section', { class: 'card' },
            h('div', { class: 'buttons' }, button(t('test.open'), () => openTestCall(account))),
            liveState(context.stream), list(context)),
    };
}
