// The visible countdown while the API wants us to wait. The request itself goes out again afterwards (api.js).
import { h, fill, button, announce, show } from './dom.js';
import { t } from '../i18n.js';

const waiting = new Set(); // {until, why, stop}
let timer = 0;
const shownSeconds = h('span', { 'aria-hidden': 'true' });

const place = document.getElementById('wait');

/** In front of an open dialog, too: what is behind one cannot be used. */
function putInFront() {
    const dialogs = document.querySelectorAll('dialog[open]');
    const parent = dialogs[dialogs.length - 1] || document.body;
    if (place.parentNode !== parent) parent.append(place);
}

function draw() {
    putInFront();
    const until = Math.max(0, ...[...waiting].map((w) => w.until));
    shownSeconds.textContent = t('wait.for', { s: Math.max(0, Math.ceil((until - Date.now()) / 1000)) });
    if (show(place, waiting.size > 0)) return;
    clearInterval(timer);
    timer = 0;
}

function begin(after) {
    place.setAttribute('aria-label', t('wait.title'));
    fill(place, h('span', null, t('wait.why'), ' '), shownSeconds,
        button(t('wait.stop'), () => { for (const w of [...waiting]) w.stop(); }));
    announce(`${t('wait.why')} ${t('wait.for', { s: after })}`);
    timer = setInterval(draw, 250);
}

/** Resolves after so many seconds; rejects with the refusal when the user or the signal ends it. quiet: nobody asked for
    it, so nobody is told. */
export function wait(after, refusal, signal, quiet) {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return void reject(new DOMException('', 'AbortError'));
        const entry = { until: Date.now() + after * 1000 };
        const end = (fn, value) => {
            clearTimeout(entry.timeout);
            waiting.delete(entry);
            draw();
            fn(value);
        };
        entry.stop = () => end(reject, refusal);
        entry.timeout = setTimeout(() => end(resolve), after * 1000);
        signal?.addEventListener('abort', () => end(reject, new DOMException('', 'AbortError')), { once: true });
        if (quiet) return;
        waiting.add(entry);
        if (!timer) begin(after);
        draw();
    });
}
