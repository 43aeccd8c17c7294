// What the server tells by itself: one event stream per account, opened anew when it breaks off or the session ends.
import { readSession, url } from './api.js';

const names = ['call', 'health', 'dead', 'settings'];
const AGAIN_MS = 5000;
const HIDDEN_MS = 60000; // a browser has six connections for one server: pages that nobody looks at give theirs back

/** {on(name, fn), off(name, fn), state(fn), close()}; state is told '' at first, 'open' or 'lost'. */
export function openStream(account) {
    const listeners = new Map(names.map((name) => [name, new Set()]));
    const states = new Set();
    let source = null;
    let timer = 0;
    let state = '';
    let closed = false;
    const tell = (s) => {
        state = s;
        for (const fn of states) fn(s);
    };
    const connect = () => {
        source = new EventSource(url('stream', { account }));
        source.onopen = () => tell('open');
        source.onerror = () => {
            tell('lost');
            if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
            stop();
            // a session that has ended is the usual reason: asking for it shows the password's window
            timer = setTimeout(() => readSession().finally(() => { if (!closed) start(); }).catch(() => {}), AGAIN_MS);
        };
        for (const name of names) {
            source.addEventListener(name, (event) => {
                let data;
                try {
                    data = JSON.parse(event.data);
                } catch {
                    return;
                }
                for (const fn of listeners.get(name)) fn(data);
            });
        }
    };
    const stop = () => {
        clearTimeout(timer);
        source?.close();
        source = null;
    };
    const start = () => {
        clearTimeout(timer);
        if (!source) connect();
    };
    const look = () => {
        clearTimeout(timer);
        if (!document.hidden) start();
        else timer = setTimeout(() => { stop(); tell('lost'); }, HIDDEN_MS);
    };
    const leave = () => { stop(); tell('lost'); };
    document.addEventListener('visibilitychange', look);
    addEventListener('pagehide', leave);
    addEventListener('pageshow', start);
    start();
    return {
        on: (name, fn) => void listeners.get(name).add(fn),
        off: (name, fn) => void listeners.get(name).delete(fn),
        state(fn) {
            states.add(fn);
            fn(state);
        },
        forget() {
            for (const set of listeners.values()) set.clear();
            states.clear();
        },
        close() {
            closed = true;
            stop();
            document.removeEventListener('visibilitychange', look);
            removeEventListener('pagehide', leave);
            removeEventListener('pageshow', start);
        },
    };
}
