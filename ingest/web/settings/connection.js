// 1: the keys of both sides, and whether they work.
import { h, newId, fill } from '../parts/dom.js';
import { t } from '../i18n.js';
import { HIDDEN } from './form.js';
import { textField, secretField } from './fields.js';

const bare = (url) => (url || '').replace(/\/+$/, '');
const moved = (form, side) => () => bare(form.get(`${side}.base_url`)) !== bare(form.saved[side].base_url);

export const mangoFields = (form) => [
    textField(form, { path: 'mango.api_key', label: t('mango.api_key'), hint: t('mango.keys.hint'), required: true }),
    secretField(form, { path: 'mango.api_salt', label: t('mango.api_salt'), moved: moved(form, 'mango') }),
    h('details', null, h('summary', null, t('mango.more')),
        textField(form, { path: 'mango.base_url', label: t('mango.base_url'), hint: t('mango.base_url.hint'), type: 'url' })),
];

/** By token, or by login and password: what is not used is null. */
export function megaplanFields(form) {
    const name = newId('radio');
    const place = h('div');
    const kept = {};
    let byToken = form.get('megaplan.login') === null || form.get('megaplan.token') !== null;
    const draw = () => fill(place, byToken
        ? secretField(form, {
            path: 'megaplan.token', label: t('megaplan.token'), hint: t('megaplan.token.hint'), nullable: true,
            moved: moved(form, 'megaplan'),
        })
        : [textField(form, { path: 'megaplan.login', label: t('megaplan.login'), nullable: true }),
            secretField(form, {
                path: 'megaplan.password', label: t('megaplan.password'), nullable: true, moved: moved(form, 'megaplan'),
            })]);
    const swap = (keys, away) => {
        for (const key of away) {
            kept[key] = form.get(`megaplan.${key}`);
            form.set(`megaplan.${key}`, null);
            form.fields.delete(`megaplan.${key}`);
        }
        for (const key of keys) {
            const stored = form.saved.megaplan[key];
            form.set(`megaplan.${key}`, kept[key] ?? (stored === HIDDEN ? HIDDEN : stored) ?? null);
        }
    };
    const choose = (token) => {
        byToken = token;
        if (token) swap(['token'], ['login', 'password']);
        else swap(['login', 'password'], ['token']);
        draw();
    };
    const radio = (token, text) => {
        const id = newId('field');
        return h('div', { class: 'line' },
            h('input', { id, type: 'radio', name, checked: byToken === token, on: { change: () => choose(token) } }),
            h('label', { for: id }, text));
    };
    draw();
    return [
        textField(form, {
            path: 'megaplan.base_url', label: t('megaplan.base_url'), hint: t('megaplan.base_url.hint'), type: 'url',
            placeholder: 'https://acme.megaplan.ru', required: true,
        }),
        h('fieldset', { class: 'plain row' }, h('legend', null, t('megaplan.how')),
            radio(true, t('megaplan.by_token')), radio(false, t('megaplan.by_login'))),
        place,
    ];
}

export const connectionFieldset = (title, fields, ...more) =>
    h('fieldset', null, h('legend', null, title), fields, ...more);
