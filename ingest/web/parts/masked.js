// Telephone numbers: masked as the API gives them, in full after a click, one by one.
import { h } from './dom.js';
import { t } from '../i18n.js';

/** The stars of masked numbers, shorter. */
export const shortened = (text) => text.replace(/\*{2,}/g, '…');

/** `full()` resolves with the whole number, or with '' when there is none to be had. */
export function maskedNumber(text, full) {
    if (!text) return null;
    if (!text.includes('*')) return h('span', { class: 'number' }, text);
    const b = h('button', {
        type: 'button', class: 'number', 'aria-label': t('number.show', { number: shortened(text) }), title: t('number.hint'),
        on: {
            async click(event) {
                event.stopPropagation();
                const whole = await full().catch(() => '');
                if (!whole) return;
                const shown = h('span', { class: 'number', tabindex: -1 }, whole);
                b.replaceWith(shown);
                shown.focus();
            },
        },
    }, shortened(text));
    return b;
}
