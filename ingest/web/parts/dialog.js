// Questions in front of the page, by <dialog>: it keeps the focus inside and gives it back.
import { h, button, newId } from './dom.js';
import { t } from '../i18n.js';

/** Opens one. `content(close)` gives its children; resolves with what close() was given, or null (Escape). */
export function openDialog(title, content, properties = {}) {
    return new Promise((resolve) => {
        let answer = null;
        const id = newId('dialog');
        const close = (value) => {
            answer = value;
            dialog.close();
        };
        const dialog = h('dialog', { 'aria-labelledby': id, ...properties }, h('h2', { id }, title));
        dialog.append(...[content(close)].flat(Infinity).filter(Boolean));
        dialog.addEventListener('close', () => {
            dialog.remove();
            resolve(answer);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** Resolves with the value of the answer, [[value, text, class]], or null. */
export function ask(title, text, answers) {
    return openDialog(title, (close) => [
        h('p', null, text),
        h('div', { class: 'buttons' }, answers.map(([value, label, kind]) =>
            button(label, () => close(value), { class: kind || '' }))),
    ]);
}

export const confirmDialog = async (title, text, yes) =>
    (await ask(title, text, [[true, yes, 'primary'], [null, t('cancel')]])) === true;
