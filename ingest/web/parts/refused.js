// A refusal in words: what it means, what to do, and beside it what the server says.
import { h, button } from './dom.js';
import { t, tc, hasText } from '../i18n.js';

export function refusalText(e) {
    if (hasText('refused', e.code)) return tc('refused', e.code);
    return t('refused.other');
}

/** A box that says what was refused; with a button when it can be tried again. */
export function refusalBox(e, again) {
    return h('div', { class: 'box fail', role: 'alert' },
        h('p', null, h('strong', null, refusalText(e))),
        e.message && h('p', { class: 'hint' }, e.message),
        again && button(t('again'), again));
}
