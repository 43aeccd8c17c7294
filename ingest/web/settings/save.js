// 3: «Подключение включено», «Сохранить», «Пополнить счет MANGO OFFICE» and the balance; the bar that stays in sight
// while something is not saved; and what happens when somebody else has saved meanwhile.
import { h, fill, button, busyButton, announce, show } from '../parts/dom.js';
import { ask, confirmDialog } from '../parts/dialog.js';
import { t } from '../i18n.js';
import { accountPath, get, request } from '../api.js';
import { money } from '../parts/format.js';
import { refusalText } from '../parts/refused.js';
import { switchField } from './fields.js';
import { clearRefusals, localProblems, reasonText, showRefusals } from './refusals.js';

async function conflict(form, account, redraw) {
    const answer = await ask(t('conflict.title'), t('conflict.text'),
        [['mine', t('conflict.mine'), 'primary'], ['other', t('conflict.other')], [null, t('conflict.back')]]);
    if (!answer) return;
    const { data, etag } = await request('GET', accountPath(account));
    form.rebase(data, etag, answer === 'mine');
    redraw();
    announce(answer === 'mine' ? t('conflict.loaded.mine') : t('conflict.loaded'));
}

/** Resolves with true when Kafka has it. summary: the box for what is refused. */
export async function save(form, account, summary, redraw) {
    clearRefusals(form, summary);
    const problems = localProblems(form);
    if (problems.length) {
        showRefusals(form, summary, problems, form.draft);
        return false;
    }
    const sent = form.toSend();
    if (form.saved.enabled && !sent.enabled && !await confirmDialog(t('enabled.off.title'), t('enabled.off.text'), t('enabled.off.yes')))
        return false;
    try {
        const { data, etag } = await request('PUT', accountPath(account), {
            body: sent, headers: form.etag ? { 'If-Match': form.etag } : { 'If-None-Match': '*' },
        });
        form.rebase(data, etag, false);
        return true;
    } catch (e) {
        if (e.status === 412 && form.etag) await conflict(form, account, redraw);
        else if (e.status === 412) showRefusals(form, summary, [{ path: 'account', text: t('new.exists') }], sent);
        else if (e.status === 422) showRefusals(form, summary, [{ path: e.field, text: reasonText(e.message) }], sent);
        else {
            fill(summary, h('p', null, h('strong', null, refusalText(e))), h('p', { class: 'hint' }, e.message));
            show(summary, true);
            summary.focus();
        }
        return false;
    }
}

export const summaryBox = () => h('div', { class: 'box fail', role: 'alert', tabindex: -1, hidden: true });

function balance(account, signal) {
    const place = h('p', { class: 'balance', role: 'status' }, t('balance.loading'));
    const link = h('a', { class: 'button', href: 'https://lk.mango-office.ru/', target: '_blank', rel: 'noopener noreferrer' },
        t('balance.top_up'), h('span', { class: 'visually-hidden' }, ` ${t('new_tab')}`));
    const load = async () => {
        try {
            const data = await get(accountPath(account, '/balance'), {}, { signal, quiet: true });
            fill(place, t('balance.is'), ' ', h('strong', null, money(data.balance, data.currency)));
            if (/^https:\/\//.test(data.top_up_url || '')) link.href = data.top_up_url;
        } catch (e) {
            if (e.name !== 'AbortError') fill(place, t('balance.unknown'), ' ', h('span', { class: 'hint' }, refusalText(e)));
        }
    };
    load();
    return [link, place];
}

export const saveSection = (form, account, doSave, summary, signal) => h('section', { class: 'card', 'aria-labelledby': 'save-title' },
    h('h2', { id: 'save-title' }, t('save.title')),
    switchField(form, { path: 'enabled', label: t('enabled.title'), hint: t('enabled.hint') }),
    summary,
    h('div', { class: 'buttons' }, busyButton(t('save'), doSave, { class: 'primary', id: 'save' }), balance(account, signal)));

/** Stays at the bottom while something is not saved. */
export function saveBar(form, doSave, undo) {
    const bar = h('div', { class: 'save-bar', role: 'region', 'aria-label': t('unsaved'), hidden: true },
        h('span', null, t('unsaved')), busyButton(t('save.changes'), doSave, { class: 'primary' }), button(t('save.undo'), undo));
    const look = () => show(bar, form.dirty());
    form.changed(look);
    look();
    return bar;
}

