// 4, «Дополнительно»: the guide's switches, in its order and words.
import { h } from '../parts/dom.js';
import { t } from '../i18n.js';
import { radioField, switchField } from './fields.js';
import { personSwitch } from './people.js';

const formats = ['79991231212', '+79991231212', '89991231212', '+7 (999) 123-12-12'];
/** How a foreign number is written (G6): a plus only in the formats that have one. */
const foreign = (format) => (format.startsWith('+') ? '+4930123456' : '4930123456');

const create = (form) => h('fieldset', null, h('legend', null, t('create.title')),
    switchField(form, { path: 'create_client.incoming', label: t('create.incoming'), hint: t('create.incoming.hint') }),
    radioField(form, {
        path: 'phone_format', label: t('format.title'), hint: t('format.hint'), class: 'indent',
        choices: formats.map((f) => [f, f, t('format.foreign', { number: foreign(f) })]),
    }),
    switchField(form, { path: 'create_client.missed', label: t('create.missed'), hint: t('create.missed.hint') }),
    switchField(form, { path: 'create_client.outgoing', label: t('create.outgoing'), hint: t('create.outgoing.hint') }));

export function moreSection(form) {
    const incoming = () => form.get('create_client.incoming');
    const missed = () => form.get('create_client.missed');
    return h('section', { class: 'card', 'aria-labelledby': 'more-title' },
        h('h2', { id: 'more-title' }, t('more.title')),
        create(form),
        switchField(form, { path: 'route_to_responsible', label: t('route.title'), hint: t('route.hint') }),
        switchField(form, { path: 'source_field', label: t('source.title'), hint: t('source.hint') }),
        switchField(form, { path: 'responsible_follows_transfer', label: t('follows.title'), hint: t('follows.hint') }),
        personSwitch(form, {
            path: 'missed_in_ivr_responsible', label: t('ivr.title'), hint: t('ivr.hint'),
            reason: () => (incoming() ? '' : t('ivr.reason')),
        }),
        personSwitch(form, {
            path: 'missed_in_group_responsible', label: t('group.title'), hint: t('group.hint'),
            reason: () => (incoming() || missed() ? '' : t('group.reason')),
        }),
        switchField(form, { path: 'call_tracking', label: t('tracking.title'), hint: t('tracking.hint') }));
}
