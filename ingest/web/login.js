// The password, asked for in front of everything: at the start, and again when a session has ended.
import { h, button, newId } from './parts/dom.js';
import { refusalText } from './parts/refused.js';
import { signIn } from './api.js';
import { otherLanguage, setLanguage, t } from './i18n.js';

function parts() {
    const id = newId('password');
    const input = h('input', {
        id, type: 'password', name: 'password', autocomplete: 'current-password', required: true, maxlength: 1024,
        'aria-describedby': `${id}-error`,
    });
    const error = h('p', { id: `${id}-error`, class: 'error', role: 'alert' });
    const submit = h('button', { type: 'submit', class: 'primary' }, t('login.enter'));
    return { id, input, error, submit };
}

/** Resolves when somebody has signed in. `again`: a session has ended, the page behind stays as it is. */
export async function login(again) {
    while (!(await ask(again))) await setLanguage(otherLanguage());
}

/** True: signed in; false: in the other language, please. */
function ask(again) {
    return new Promise((resolve) => {
        const { id, input, error, submit } = parts();
        let done = false;
        let other = false;
        const send = async (event) => {
            event.preventDefault();
            error.textContent = '';
            submit.disabled = true;
            try {
                await signIn(input.value);
                done = true;
                dialog.close();
            } catch (e) {
                error.textContent = refusalText(e);
                input.setAttribute('aria-invalid', 'true');
                input.select();
            } finally {
                submit.disabled = false;
            }
        };
        const swap = () => {
            other = true;
            dialog.close();
        };
        const dialog = h('dialog', { class: again ? 'login' : 'login opaque', 'aria-labelledby': `${id}-title` },
            h('h1', { id: `${id}-title` }, again ? t('login.again') : 'Mangoplan'),
            h('p', { class: 'hint' }, again ? t('login.again.hint') : t('login.hint')),
            h('form', { on: { submit: send } },
                h('label', { for: id }, t('login.password')), input, error,
                h('div', { class: 'buttons' }, submit,
                    !again && button(t('language.other'), swap, { class: 'quiet', lang: otherLanguage() }))));
        dialog.addEventListener('cancel', (event) => event.preventDefault());
        dialog.addEventListener('close', () => {
            if (!done && !other) return void dialog.showModal(); // a second Escape closes it all the same
            dialog.remove();
            resolve(done);
        });
        document.body.append(dialog);
        dialog.showModal();
        input.focus();
    });
}
