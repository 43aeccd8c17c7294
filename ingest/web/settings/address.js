// «Адрес внешней системы»: what has to be typed into MANGO OFFICE, and where to switch things on on both sides.
import { h, button, announce } from '../parts/dom.js';
import { t } from '../i18n.js';
import { currentSession } from '../api.js';

async function copy(input, note) {
    try {
        await navigator.clipboard.writeText(input.value);
    } catch { // not over plain HTTP
        input.select();
        document.execCommand('copy');
    }
    note.textContent = t('address.copied');
    announce(t('address.copied'));
    setTimeout(() => { note.textContent = ''; }, 3000);
}

const steps = (title, items) => h('div', { class: 'steps' }, h('h3', null, title),
    h('ol', null, items.map((text) => h('li', null, text))));

export function addressSection() {
    const address = currentSession()?.webhook_url;
    const note = h('span', { class: 'ok' });
    const input = h('input', { id: 'webhook-url', readonly: true, value: address || '', 'aria-describedby': 'webhook-hint' });
    return h('section', { class: 'card', 'aria-labelledby': 'address-title' },
        h('h2', { id: 'address-title' }, t('address.title')),
        address
            ? h('div', { class: 'field' },
                h('label', { for: 'webhook-url', class: 'visually-hidden' }, t('address.title')),
                h('div', { class: 'with-button' }, input, button(t('address.copy'), () => copy(input, note))), note,
                h('p', { class: 'hint', id: 'webhook-hint' }, t('address.hint')))
            : h('p', { class: 'box warn' }, t('address.unknown')),
        h('div', { class: 'columns' },
            steps(t('setup.mango'), [t('setup.mango.1'), t('setup.mango.2'), t('setup.mango.3'), t('setup.mango.4')]),
            steps(t('setup.megaplan'), [t('setup.megaplan.1'), t('setup.megaplan.2'), t('setup.megaplan.3')])));
}
