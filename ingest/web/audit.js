// Who changed what, and when.
import { h, fill } from './parts/dom.js';
import { t, tc } from './i18n.js';
import { accountPath, get } from './api.js';
import { dateTime, machineTime } from './parts/format.js';
import { refusalBox } from './parts/refused.js';
import { makeTable } from './parts/rows.js';

/** A field's name on the settings page, by its path. */
const labels = () => ({
    enabled: t('enabled.title'), timezone: t('timezone'), country_code: t('country.title'), employees: t('employees.name'),
    'mango.api_key': t('mango.api_key'), 'mango.api_salt': t('mango.api_salt'), 'mango.base_url': t('mango.base_url'),
    'megaplan.base_url': t('megaplan.base_url'), 'megaplan.token': t('megaplan.token'), 'megaplan.login': t('megaplan.login'),
    'megaplan.password': t('megaplan.password'), 'megaplan.requests_per_second': t('budget.second'),
    'megaplan.requests_per_hour': t('budget.hour'), 'megaplan.bulk': t('budget.bulk'), groups: t('groups.title'),
    lines: t('lines.title'), ignore_numbers: t('ignore.title'), 'create_client.incoming': t('create.incoming'),
    'create_client.missed': t('create.missed'), 'create_client.outgoing': t('create.outgoing'), phone_format: t('format.title'),
    route_to_responsible: t('route.title'), source_field: t('source.title'), responsible_follows_transfer: t('follows.title'),
    missed_in_ivr_responsible: t('ivr.title'), missed_in_group_responsible: t('group.title'), call_tracking: t('tracking.title'),
    call_records: t('records.title'), record_link_days: t('records.days'), popups: t('popups.title'),
    unmapped_employee: t('unmapped.title'), off_hours_responsible: t('off_hours.title'), route_off_hours: t('route_off.title'),
    alert_responsible: t('alert.person'), alert_url: t('alert.url'), alert_after_minutes: t('alert.after'),
    'missed_call_task.enabled': t('task.title'), 'missed_call_task.deadline_minutes': t('task.deadline'),
    'missed_call_task.title': t('task.name'), 'working_hours.days': t('hours.days'), 'working_hours.from': t('hours.from'),
    'working_hours.to': t('hours.to'), 'working_hours.holidays': t('hours.holidays'), working_hours: t('hours.title'),
});

function fieldCell(field) {
    const label = field && labels()[field.replace(/\[.*$/, '')];
    return [label, h('span', { class: label ? 'hint' : 'reason-text' }, label ? ` ${field}` : field || '')];
}

const personText = (e) => `${e.name || e.megaplan_id} (${[e.extension, ...(e.extensions || []), ...(e.numbers || [])].filter(Boolean).join(', ')})`;

function valueText(v) {
    if (v === null || v === undefined) return '—';
    if (v === true) return t('yes');
    if (v === false) return t('no');
    if (v === 'changed') return t('audit.changed');
    if (Array.isArray(v)) return v.map((e) => (e?.megaplan_id ? personText(e) : valueText(e))).join('; ') || '—';
    if (typeof v === 'object' && v.megaplan_id) return personText(v);
    return typeof v === 'object' ? JSON.stringify(v) : String(v);
}

export async function openAudit({ account, signal, stream }) {
    const table = makeTable(t('audit.title'), [
        [t('audit.at'), (r) => h('time', { datetime: machineTime(r.at) }, dateTime(r.at))],
        [t('audit.who'), (r) => r.who],
        [t('audit.what'), (r) => tc('audit.did', r.what)],
        [t('audit.field'), (r) => fieldCell(r.field)],
        [t('audit.before'), (r) => h('span', { class: 'reason-text' }, valueText(r.before))],
        [t('audit.after'), (r) => h('span', { class: 'reason-text' }, valueText(r.after))],
    ]);
    const place = h('div');
    const load = async () => {
        try {
            const { rows } = await get(accountPath(account, '/audit'), { limit: 200 }, { signal });
            fill(table.body, rows.map(table.draw));
            fill(place, rows.length === 0 && h('p', null, t('audit.none')));
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, refusalBox(e, load));
        }
    };
    stream.on('settings', (d) => { if (d.account === account) load(); });
    load();
    return { title: t('audit.title'), element: h('section', { class: 'card' }, h('p', { class: 'hint' }, t('audit.hint')), table.element, place) };
}
