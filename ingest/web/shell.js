// The frame of the page: which account, which view, language, colours, signing out.
import { h, fill, button } from './parts/dom.js';
import { t, tc, language, otherLanguage } from './i18n.js';
import { address, go } from './router.js';
import { theme, nextTheme } from './theme.js';

export const views = ['settings', 'calls', 'dead', 'health', 'audit'];
export const NEW = '+'; // no account has this name

function accountChooser(accounts, account, view) {
    const text = (a) => (a.enabled ? a.account : `${a.account} (${t('account.off')})`);
    const select = h('select', {
        id: 'account', on: { change: () => go(select.value, view === '' ? 'settings' : view) },
    }, !account && h('option', { value: '', selected: true }, t('account.choose')),
    accounts.map((a) => h('option', { value: a.account, selected: a.account === account }, text(a))));
    return h('div', { class: 'account' }, h('label', { for: 'account' }, t('account')), select);
}

function themeButton() {
    const b = button(tc('theme', theme()), () => { b.textContent = tc('theme', nextTheme()); }, { class: 'quiet' });
    return b;
}

/** state: {accounts, account, view}; actions: {language, signOut}. */
export function drawHeader(state, actions) {
    const { accounts, account, view } = state;
    const skip = document.getElementById('skip');
    skip.textContent = t('skip');
    skip.onclick = (event) => {
        event.preventDefault();
        document.getElementById('main').focus();
    };
    const name = otherLanguage();
    fill(document.getElementById('header'),
        h('div', { class: 'bar' },
            h('a', { class: 'brand', href: '#/' }, 'Mangoplan'),
            accounts.length > 0 && accountChooser(accounts, account, view),
            h('a', { class: 'button', href: address(NEW) }, t('account.add')),
            h('div', { class: 'tools' },
                button(t('language.other'), () => actions.language(name), { class: 'quiet', lang: name }),
                themeButton(),
                button(t('sign_out'), actions.signOut, { class: 'quiet' }))),
        account && h('nav', { 'aria-label': t('nav') }, h('ul', null, views.map((v) =>
            h('li', null, h('a', { href: address(account, v), 'aria-current': v === view ? 'page' : null }, tc('nav', v)))))));
    document.documentElement.lang = language();
}
