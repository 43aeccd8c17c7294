// 5: what is ours, under its own heading, and «Дополнительно для Megaplan».
import { h } from '../parts/dom.js';
import { t } from '../i18n.js';
import { linesField, numberField, switchField, textField } from './fields.js';
import { personField } from './people.js';
import { hoursFields } from './hours.js';

const group = (title, ...fields) => h('fieldset', null, h('legend', null, title), fields);

const zones = () => {
    try {
        return Intl.supportedValuesOf('timeZone');
    } catch {
        return ['Europe/Kaliningrad', 'Europe/Moscow', 'Europe/Samara', 'Asia/Yekaterinburg', 'Asia/Omsk',
            'Asia/Novosibirsk', 'Asia/Krasnoyarsk', 'Asia/Irkutsk', 'Asia/Yakutsk', 'Asia/Vladivostok', 'Asia/Kamchatka'];
    }
};

export const zoneField = (form, options = {}) => [
    textField(form, { path: 'timezone', label: t('timezone'), hint: t('timezone.hint'), list: 'zones', required: true, ...options }),
    h('datalist', { id: 'zones' }, zones().map((z) => h('option', { value: z }))),
];

const tasks = (form) => {
    const off = () => (form.get('missed_call_task.enabled') ? '' : t('task.off'));
    return group(t('task.group'),
        switchField(form, { path: 'missed_call_task.enabled', label: t('task.title'), hint: t('task.hint') }),
        numberField(form, { path: 'missed_call_task.deadline_minutes', label: t('task.deadline'), min: 1, max: 525600, reason: off }),
        textField(form, { path: 'missed_call_task.title', label: t('task.name'), hint: t('task.name.hint'), reason: off }));
};

const people = (form) => group(t('ours.people'),
    personField(form, { path: 'unmapped_employee', label: t('unmapped.title'), hint: t('unmapped.hint') }),
    personField(form, { path: 'off_hours_responsible', label: t('off_hours.title'), hint: t('off_hours.hint') }));

const hours = (form) => group(t('ours.time'),
    zoneField(form),
    hoursFields(form),
    switchField(form, {
        path: 'route_off_hours', label: t('route_off.title'), hint: t('route_off.hint'),
        reason: () => (form.get('working_hours') ? '' : t('route_off.reason')),
    }));

const numbers = (form) => group(t('ours.numbers'),
    linesField(form, { path: 'lines', label: t('lines.title'), hint: t('lines.hint'), placeholder: '74951234567' }),
    linesField(form, { path: 'groups', label: t('groups.title'), hint: t('groups.hint'), placeholder: '500' }),
    linesField(form, { path: 'ignore_numbers', label: t('ignore.title'), hint: t('ignore.hint'), placeholder: '7800*' }),
    textField(form, { path: 'country_code', label: t('country.title'), hint: t('country.hint'), inputmode: 'numeric', class: 'short' }));

const records = (form) => group(t('ours.records'),
    switchField(form, { path: 'call_records', label: t('records.title'), hint: t('records.hint') }),
    numberField(form, {
        path: 'record_link_days', label: t('records.days'), hint: t('records.days.hint'), min: 1, max: 36500,
        reason: () => (form.get('call_records') ? '' : t('records.off')),
    }),
    switchField(form, { path: 'popups', label: t('popups.title'), hint: t('popups.hint') }));

const alerts = (form) => group(t('ours.alerts'),
    h('p', { class: 'hint' }, t('alerts.hint')),
    personField(form, { path: 'alert_responsible', label: t('alert.person') }),
    textField(form, { path: 'alert_url', label: t('alert.url'), hint: t('alert.url.hint'), type: 'url', nullable: true }),
    numberField(form, { path: 'alert_after_minutes', label: t('alert.after'), min: 1, max: 525600 }));

const budget = (form) => group(t('budget.group'),
    h('p', { class: 'hint' }, t('budget.hint')),
    numberField(form, { path: 'megaplan.requests_per_second', label: t('budget.second'), min: 1, max: 10000 }),
    numberField(form, { path: 'megaplan.requests_per_hour', label: t('budget.hour'), min: 1, max: 10000000 }),
    switchField(form, { path: 'megaplan.bulk', label: t('budget.bulk'), hint: t('budget.bulk.hint') }));

export const oursSection = (form) => h('section', { class: 'card', 'aria-labelledby': 'ours-title' },
    h('h2', { id: 'ours-title' }, t('ours.title')), h('p', { class: 'hint' }, t('ours.hint')),
    people(form), tasks(form), hours(form), numbers(form), records(form), alerts(form), budget(form));
