// A new connection: its name and step 1. It is stored switched off; employees and the switch come after, on its page.
import { h, busyButton } from '../parts/dom.js';
import { t } from '../i18n.js';
import { go } from '../router.js';
import { defaults, makeForm } from './form.js';
import { textField } from './fields.js';
import { addressSection } from './address.js';
import { connectionFieldset, mangoFields, megaplanFields } from './connection.js';
import { zoneField } from './ours.js';
import { save, summaryBox } from './save.js';
import { ask } from '../parts/dialog.js';

let kept = null; // outlives a change of language

function freshForm() {
    const form = makeForm(defaults(), null);
    form.toSend = () => structuredClone(form.draft);
    return form;
}

export function openNew(context) {
    kept ||= freshForm();
    const form = kept;
    form.forget();
    const summary = summaryBox();
    const create = async () => {
        const account = form.get('account');
        if (!account) return void form.fields.get('account').focus();
        if (await save(form, account, summary)) {
            kept = null;
            context.created(account);
            go(account, 'settings');
        }
    };
    return {
        title: t('new.title'),
        element: h('div', { class: 'sections' },
            h('p', null, t('new.hint')),
            addressSection(),
            h('section', { class: 'card', 'aria-labelledby': 'connection-title' },
                h('h2', { id: 'connection-title' }, t('connection.title')),
                textField(form, { path: 'account', label: t('new.account'), hint: t('new.account.hint'), required: true, placeholder: 'acme' }),
                zoneField(form),
                connectionFieldset('MANGO OFFICE', mangoFields(form)),
                connectionFieldset('Megaplan', megaplanFields(form)),
                summary,
                h('div', { class: 'buttons' }, busyButton(t('new.create'), create, { class: 'primary' })))),
        dirty: () => kept === form && form.dirty(),
        async mayLeave() {
            if (kept !== form || !form.dirty()) return true;
            const leave = await ask(t('leave.title'), t('leave.text'), [[null, t('leave.stay'), 'primary'], [true, t('leave.go')]]);
            if (leave) kept = null;
            return leave === true;
        },
    };
}
