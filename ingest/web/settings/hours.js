// Working hours: always, or days, times and holidays (behaviour.md B16).
import { h, fill, button, newId, show } from '../parts/dom.js';
import { t, tc } from '../i18n.js';
import { switchField, textField } from './fields.js';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** "mon-fri,sun" -> the set of days; also over the week's end. */
export function readDays(text) {
    const set = new Set();
    for (const part of (text || '').split(',')) {
        const [from, to = from] = part.split('-').map((d) => days.indexOf(d));
        if (from < 0 || to < 0) continue;
        for (let i = from; ; i = (i + 1) % 7) {
            set.add(days[i]);
            if (i === to) break;
        }
    }
    return set;
}

/** Three days in a row and more are written as a span. */
export function writeDays(set) {
    const parts = [];
    for (let i = 0; i < 7; i++) {
        if (!set.has(days[i])) continue;
        let end = i;
        while (end < 6 && set.has(days[end + 1])) end++;
        if (end - i >= 2) parts.push(`${days[i]}-${days[end]}`);
        else for (let k = i; k <= end; k++) parts.push(days[k]);
        i = end;
    }
    return parts.join(',');
}

function daysField(form) {
    const set = readDays(form.get('working_hours.days'));
    const id = newId('field');
    const error = h('p', { class: 'error', id: `${id}-error`, hidden: true });
    const boxes = days.map((day) => {
        const box = h('input', {
            type: 'checkbox', id: `${id}-${day}`, checked: set.has(day),
            on: {
                change: () => {
                    set[box.checked ? 'add' : 'delete'](day);
                    form.set('working_hours.days', writeDays(set));
                },
            },
        });
        return h('div', { class: 'line' }, box, h('label', { for: `${id}-${day}` }, tc('day', day)));
    });
    const group = h('fieldset', { class: 'plain row', 'aria-describedby': error.id }, h('legend', null, t('hours.days')), boxes);
    form.field('working_hours.days', {
        label: t('hours.days'),
        error: (text) => { error.textContent = text; show(error, Boolean(text)); },
        focus: () => boxes[0].firstChild.focus(),
    });
    return h('div', { class: 'field' }, group, error);
}

function holidaysField(form) {
    const id = newId('field');
    const error = h('p', { class: 'error', id: `${id}-error`, hidden: true });
    const list = h('ul', { class: 'chips' });
    const input = h('input', { type: 'date', id, class: 'short', 'aria-describedby': error.id });
    const all = () => form.get('working_hours.holidays') || [];
    const put = (dates) => {
        form.set('working_hours.holidays', [...new Set(dates)].sort());
        draw();
    };
    const draw = () => fill(list, all().map((date) => h('li', null, h('time', { datetime: date }, date),
        button('×', () => { put(all().filter((d) => d !== date)); input.focus(); },
            { class: 'quiet', 'aria-label': t('hours.holiday.remove', { date }) }))));
    draw();
    form.field('working_hours.holidays', {
        label: t('hours.holidays'),
        error: (text) => { error.textContent = text; show(error, Boolean(text)); },
        focus: () => input.focus(),
    });
    return h('div', { class: 'field' }, h('label', { for: id }, t('hours.holidays')), list,
        h('div', { class: 'with-button' }, input,
            button(t('add'), () => { if (input.value) put([...all(), input.value]); })), error);
}

export function hoursFields(form) {
    const place = h('div', { class: 'indent' });
    let before = null;
    const draw = () => fill(place, form.get('working_hours') && [
        daysField(form),
        h('div', { class: 'columns' },
            textField(form, { path: 'working_hours.from', label: t('hours.from'), placeholder: '09:00', class: 'short' }),
            textField(form, { path: 'working_hours.to', label: t('hours.to'), placeholder: '18:00', class: 'short' })),
        holidaysField(form),
    ]);
    draw();
    return [
        switchField(form, {
            path: 'working_hours', label: t('hours.title'), hint: t('hours.hint'),
            get: () => form.get('working_hours') !== null,
            set: (on) => {
                if (!on) before = form.get('working_hours');
                form.set('working_hours', on
                    ? before || { days: 'mon-fri', from: '09:00', to: '18:00', holidays: [] } : null);
                draw();
            },
        }),
        place,
    ];
}
