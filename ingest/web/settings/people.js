// Choosing one of the account's mapped employees for something.
import { t } from '../i18n.js';
import { selectField, switchField } from './fields.js';
import { h } from '../parts/dom.js';

export const extensionsOf = (e) => [e.extension, ...(e.extensions || [])].filter(Boolean);
const nameOf = (e) => {
    const extensions = extensionsOf(e).join(', ');
    return (e.name || e.megaplan_id) + (extensions ? ` (${extensions})` : '');
};

const choices = (form, path, none) => () => {
    const value = form.get(path);
    const rows = form.draft.employees.map((e) => [e.megaplan_id, nameOf(e)])
        .sort((a, b) => a[1].localeCompare(b[1], 'ru'));
    if (value && !rows.some(([id]) => id === value)) rows.push([value, t('person.gone', { id: value })]);
    return [['', none], ...rows];
};

export const personField = (form, options) => selectField(form, {
    nullable: true,
    follow: 'employees',
    choices: choices(form, options.path, options.none || t('person.none')),
    ...options,
});

/** A switch and, beside it, the person: the switch alone means nothing. `reason` greys both out. */
export function personSwitch(form, options) {
    let on = form.get(options.path) !== null;
    const person = () => personField(form, {
        path: options.path, label: t('person.choose'), none: t('person.pick'),
        class: 'indent', reason: () => (on && !options.reason() ? '' : ' '), // the switch says why
    });
    const switched = switchField(form, {
        path: `${options.path}:switch`, label: options.label, hint: options.hint, reason: options.reason,
        get: () => on,
        set: (checked) => {
            on = checked;
            form.set(options.path, checked ? form.get(options.path) : null);
        },
    });
    form.missing ||= new Map();
    form.missing.set(options.path, () => on && !options.reason() && form.get(options.path) === null && t('person.missing'));
    return h('div', { class: 'pair' }, switched, person());
}
