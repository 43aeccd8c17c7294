// Starts the page: session, accounts, the view of the address; and keeps them together while it runs.
import { h, fill, announce } from './parts/dom.js';
import { t, setLanguage } from './i18n.js';
import * as api from './api.js';
import { address, startRouter } from './router.js';
import { drawHeader, views, NEW } from './shell.js';
import { login } from './login.js';
import { wait } from './parts/wait.js';
import { refusalBox } from './parts/refused.js';
import { keep, kept } from './parts/kept.js';
import { openStream } from './stream.js';
import { openSettings } from './settings/view.js';
import { openNew } from './settings/new.js';
import './theme.js';

const main = document.getElementById('main');
let accounts = [];
let open = null; // {view, place, abort}: what is on screen
let stream = null; // {account, events}
let fresh = ''; // an account just created: its page begins with a check
let started = false;

api.setHooks({ signIn: () => login(started), wait });

/** Views other than the settings come when they are wanted. */
const lazy = {
    calls: async (context) => (await import('./calls/view.js')).openCalls(context),
    dead: async (context) => (await import('./dead.js')).openDead(context),
    health: async (context) => (await import('./health.js')).openHealth(context),
    audit: async (context) => (await import('./audit.js')).openAudit(context),
};

function streamOf(account) {
    if (stream?.account !== account) {
        stream?.events.close();
        stream = account ? { account, events: openStream(account) } : null;
    }
    stream?.events.forget();
    return stream?.events;
}

const header = (place) => drawHeader({ accounts, account: place.account === NEW ? '' : place.account, view: place.view },
    { language: changeLanguage, signOut });

async function accountsChanged() {
    accounts = await api.get('accounts');
    header(open.place);
}

function contextOf(place, signal) {
    return {
        ...place,
        signal,
        stream: streamOf(place.account === NEW ? '' : place.account),
        accountsChanged,
        fresh: fresh === place.account,
        async created(account) {
            fresh = account;
            await accountsChanged();
        },
    };
}

/** The view an address names; addresses that name none lead to one. */
function settled(place) {
    if (place.account === NEW) return place;
    const known = accounts.some((a) => a.account === place.account) || (fresh && place.account === fresh);
    if (known && views.includes(place.view)) return place;
    if (accounts.length === 0) return { account: NEW, view: '', rest: '' };
    const last = accounts.find((a) => a.account === kept('account')) || accounts[0];
    return { account: known ? place.account : last.account, view: 'settings', rest: '' };
}

async function show(place, focus) {
    open?.abort.abort();
    const abort = new AbortController();
    open = { view: null, place: settled(place), abort };
    const mine = open;
    history.replaceState(null, '', address(open.place.account, open.place.view, open.place.rest));
    if (open.place.account !== NEW) keep('account', open.place.account);
    header(open.place);
    const context = contextOf(open.place, abort.signal);
    try {
        if (open.place.account === NEW) open.view = openNew(context);
        else if (open.place.view === 'settings') open.view = openSettings(context);
        else mine.view = await lazy[open.place.view](context);
    } catch (e) {
        fill(main, refusalBox(e, () => show(place, true)));
        return;
    }
    if (mine !== open) return;
    fresh = '';
    const title = h('h1', { tabindex: -1 }, mine.view.title);
    document.title = `${mine.view.title} — Mangoplan`;
    fill(main, title, mine.view.element);
    if (focus) title.focus();
}

async function changeLanguage(name) {
    await setLanguage(name);
    await show(open.place, false);
    document.querySelector('.tools button')?.focus();
    announce(t('language.changed'));
}

const mayLeave = async () => !open?.view?.mayLeave || open.view.mayLeave();

async function signOut() {
    if (!(await mayLeave())) return;
    try {
        await api.signOut();
    } finally {
        open.view = null;
        location.reload();
    }
}

addEventListener('beforeunload', (event) => {
    if (open?.view?.dirty?.()) event.preventDefault();
});

async function start() {
    try {
        const list = api.get('accounts').catch((e) => e);
        await api.readSession();
        const answer = await list;
        if (answer instanceof Error) throw answer;
        accounts = answer;
    } catch (e) {
        fill(main, h('h1', null, 'Mangoplan'), refusalBox(e, start));
        return;
    }
    if (!started) startRouter((place) => show(place, started), mayLeave);
    started = true;
}

start();
