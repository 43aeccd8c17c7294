// The settings of one account: reads the document, puts the sections together in the guide's order, guards what is not
// saved. What each section does is its own matter.
import { h, fill, announce, button, busyButton } from '../parts/dom.js';
import { ask, confirmDialog } from '../parts/dialog.js';
import { t } from '../i18n.js';
import { accountPath, request } from '../api.js';
import { go } from '../router.js';
import { refusalBox } from '../parts/refused.js';
import { makeForm } from './form.js';
import { addressSection } from './address.js';
import { connectionFieldset, mangoFields, megaplanFields } from './connection.js';
import { employeesSection } from './employees.js';
import { moreSection } from './more.js';
import { oursSection } from './ours.js';
import { checks } from './checks.js';
import { save, saveBar, saveSection, summaryBox } from './save.js';

let kept = null; // {account, form, cache}: outlives a change of language, and a session that ends

const testCall = async (account) => (await import('../calls/test_call.js')).openTestCall(account);

function connectionSection(form, check, account) {
    return h('section', { class: 'card', 'aria-labelledby': 'connection-title' },
        h('h2', { id: 'connection-title' }, t('connection.title')),
        connectionFieldset('MANGO OFFICE', mangoFields(form), h('div', { class: 'buttons' }, check.button('mango'))),
        connectionFieldset('Megaplan', megaplanFields(form), h('div', { class: 'buttons' }, check.button('megaplan'))),
        h('div', { class: 'buttons' }, check.button(''), busyButton(t('test.open'), () => testCall(account))),
        check.place);
}

async function remove(account, place, accountsChanged) {
    const sure = await confirmDialog(t('remove.title', { account }), t('remove.text'), t('remove.yes'));
    if (!sure) return;
    try {
        await request('DELETE', accountPath(account));
        kept = null;
        await accountsChanged(); // or the address would lead back here
        go('');
    } catch (e) {
        fill(place, refusalBox(e));
    }
}

function removeSection(account, accountsChanged) {
    const place = h('div');
    return h('section', { class: 'card', 'aria-labelledby': 'remove-title' },
        h('h2', { id: 'remove-title' }, t('remove.section')), h('p', { class: 'hint' }, t('remove.hint')), place,
        h('div', { class: 'buttons' }, button(t('remove.button'), () => remove(account, place, accountsChanged), { class: 'danger' })));
}

function drawForm(element, state, context) {
    const { account, form, cache } = state;
    const { signal } = context;
    form.forget();
    form.missing = new Map();
    const summary = summaryBox();
    const check = checks(form, account, signal);
    const redraw = () => drawForm(element, state, context);
    const doSave = async () => {
        if (!(await save(form, account, summary, redraw))) return;
        redraw();
        context.accountsChanged();
        document.getElementById('save')?.focus();
        announce(t('save.done'));
        document.getElementById('saved').hidden = false;
    };
    const undo = () => {
        form.rebase(form.document, form.etag, false);
        redraw();
        announce(t('save.undone'));
        document.getElementById('save')?.focus();
    };
    fill(element,
        !form.saved.enabled && h('p', { class: 'box warn' }, t('disabled.banner')),
        addressSection(),
        connectionSection(form, check, account),
        employeesSection(form, account, cache, signal),
        saveSection(form, account, doSave, summary, signal),
        moreSection(form),
        oursSection(form),
        removeSection(account, context.accountsChanged),
        saveBar(form, doSave, undo));
    const saved = h('p', { class: 'ok', id: 'saved', hidden: true }, t('save.done'));
    form.changed(() => { saved.hidden = saved.hidden || form.dirty(); });
    document.getElementById('save')?.closest('.buttons').after(saved);
    if (cache.checkNow) {
        cache.checkNow = false;
        check.run('');
    }
}

/** Somebody else has saved this account. */
async function refresh(element, state, context) {
    const { data, etag } = await request('GET', accountPath(state.account), { signal: context.signal });
    if (etag === state.form.etag) return;
    if (state.form.dirty()) return void announce(t('conflict.news'));
    state.form.rebase(data, etag, false);
    drawForm(element, state, context);
}

/** context: {account, signal, stream, accountsChanged, fresh}; fresh: just created, to be checked. */
export function openSettings(context) {
    const { account, signal } = context;
    const element = h('div', { class: 'sections' });
    const load = async () => {
        if (kept?.account !== account || !kept.form.dirty()) {
            fill(element, h('p', { class: 'loading' }, t('loading')));
            try {
                const { data, etag } = await request('GET', accountPath(account), { signal });
                kept = { account, form: makeForm(data, etag), cache: { checkNow: context.fresh } };
            } catch (e) {
                if (e.name !== 'AbortError') fill(element, refusalBox(e, load));
                return;
            }
        }
        drawForm(element, kept, context);
    };
    load();
    context.stream.on('settings', (d) => {
        if (d.account === account && kept?.account === account) refresh(element, kept, context).catch(() => {});
    });
    return {
        title: t('settings.title'),
        element,
        dirty: () => kept?.account === account && kept.form.dirty(),
        async mayLeave() {
            if (kept?.account !== account || !kept.form.dirty()) return true;
            const leave = await ask(t('leave.title'), t('leave.text'), [[null, t('leave.stay'), 'primary'], [true, t('leave.go')]]);
            if (leave) kept = null;
            return leave === true;
        },
    };
}
