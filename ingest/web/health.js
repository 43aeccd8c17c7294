// How the installation is: Kafka, what waits, how much of the request budget is left. Live.
import { h, fill } from './parts/dom.js';
import { t, tc } from './i18n.js';
import { get } from './api.js';
import { number, seconds } from './parts/format.js';
import { refusalBox } from './parts/refused.js';
import { makeTable } from './parts/rows.js';

const EVERY_MS = 10000;

function tableOf(title, columns, rows) {
    const table = makeTable(title, columns);
    fill(table.body, rows.map(table.draw));
    return [h('h2', null, title), table.element];
}

const facts = (d) => h('dl', { class: 'facts' }, [
    [t('health.kafka'), h('span', { class: `mark ${d.kafka === 'ok' ? 'ok' : 'fail'}` }, tc('status', d.kafka))],
    [t('health.webhook'), d.last_webhook_s === null || d.last_webhook_s < 0 ? t('health.never') : t('health.ago', { span: seconds(d.last_webhook_s) })],
    d.spool && [t('health.spool'), d.spool.messages ? `${number(d.spool.messages)}, ${seconds(d.spool.oldest_s)}` : t('health.nothing')],
    [t('health.dead'), number(d.dead)],
].filter(Boolean).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));

const budgetMeter = (b) => (typeof b.tokens !== 'number' ? '—' : [h('meter', { min: 0, max: b.max, low: b.max / 10, value: b.tokens, 'aria-label': t('health.left') }),
    ` ${number(Math.floor(b.tokens))} / ${number(b.max)}`]);

function draw(place, d) {
    fill(place, facts(d),
        (d.lag || []).length > 0 && tableOf(t('health.lag'), [
            [t('health.group'), (r) => r.group], [t('health.topic'), (r) => r.topic],
            [t('health.messages'), (r) => number(r.messages)], [t('health.behind'), (r) => seconds(r.seconds)],
        ], d.lag),
        (d.budget || []).length > 0 && tableOf(t('health.budget'), [
            [t('account'), (r) => r.account], [t('health.left'), budgetMeter], [t('budget.hour'), (r) => number(r.per_hour)],
        ], d.budget));
}

export async function openHealth({ signal, stream }) {
    const place = h('div', null, h('p', { class: 'loading' }, t('loading')));
    const load = async () => {
        try {
            draw(place, await get('health', {}, { signal }));
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, refusalBox(e, load));
        }
    };
    stream?.on('health', (d) => (d && d.kafka ? draw(place, d) : load()));
    const timer = setInterval(load, EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    load();
    return { title: t('health.title'), element: h('section', { class: 'card' }, place) };
}
