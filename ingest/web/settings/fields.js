// The fields of the settings: a label, its control, a hint, a place for what is wrong. Each binds one path of the form.
import { h, fill, newId, show } from '../parts/dom.js';
import { t } from '../i18n.js';
import { HIDDEN } from './form.js';

const MANY = 300; // choices that are not drawn anew at every key

/** The frame of a field. options: path, label, hint, wide, reason() -> why it is off, or '' . */
function frame(form, options, control, head) {
    const { id } = control;
    const hint = options.hint && h('p', { class: 'hint', id: `${id}-hint` }, options.hint);
    const error = h('p', { class: 'error', id: `${id}-error`, hidden: true });
    const reason = options.reason && h('p', { class: 'reason', id: `${id}-reason`, hidden: true });
    control.setAttribute('aria-describedby',
        [hint && hint.id, reason && reason.id, error.id].filter(Boolean).join(' '));
    form.field(options.path, {
        label: options.label,
        error(text) {
            error.textContent = text;
            show(error, Boolean(text));
            if (text) control.setAttribute('aria-invalid', 'true');
            else control.removeAttribute('aria-invalid');
        },
        focus() {
            for (let d = control.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
            control.focus();
        },
    });
    if (reason) {
        const look = () => {
            const why = options.reason();
            control.disabled = Boolean(why);
            reason.textContent = why;
            show(reason, Boolean(why.trim()));
        };
        form.changed(look);
        look();
    }
    return h('div', { class: `field ${options.class || ''}` }, head, hint, reason, error);
}

const labelled = (control, text) => [h('label', { for: control.id }, text), control];

/** options.nullable: an empty text is null. */
export function textField(form, options) {
    const { path } = options;
    const control = h('input', {
        id: newId('field'), type: options.type || 'text', value: form.get(path) ?? '',
        required: options.required, inputmode: options.inputmode, placeholder: options.placeholder,
        autocomplete: 'off', spellcheck: 'false', maxlength: 1024, list: options.list,
        on: { input: () => form.set(path, control.value.trim() || (options.nullable ? null : '')) },
    });
    return frame(form, options, control, labelled(control, options.label));
}

export function numberField(form, options) {
    const { path } = options;
    const control = h('input', {
        id: newId('field'), type: 'number', min: options.min, max: options.max, step: 1, value: form.get(path),
        class: 'short', on: {
            input: () => form.set(path, control.value === '' ? null : Number(control.value)),
        },
    });
    return frame(form, options, control, labelled(control, options.label));
}

/** Secrets never come from the API: "***" stands for what is stored, and stays until something is typed. */
export function secretField(form, options) {
    const { path } = options;
    const stored = () => form.saved && pathIsStored(form, path);
    const control = h('input', {
        id: newId('field'), type: 'password', autocomplete: 'new-password', spellcheck: 'false', maxlength: 1024,
        value: form.get(path) === HIDDEN ? '' : form.get(path) ?? '',
        on: {
            input: () => {
                form.set(path, control.value || (stored() ? HIDDEN : options.nullable ? null : ''));
                look();
            },
        },
    });
    const state = h('p', { class: 'hint', id: newId('state') });
    const look = () => {
        const kept = form.get(path) === HIDDEN;
        const moved = kept && options.moved && options.moved();
        control.placeholder = kept && !moved ? '••••••••' : '';
        state.className = moved ? 'error' : 'hint';
        fill(state, moved ? t('secret.moved') : kept ? t('secret.kept') : '');
    };
    form.changed(look);
    look();
    const field = frame(form, options, control, labelled(control, options.label));
    control.setAttribute('aria-describedby', `${state.id} ${control.getAttribute('aria-describedby')}`);
    control.after(state);
    return field;
}

const pathIsStored = (form, path) => path.split('.').reduce((o, key) => o?.[key], form.saved) === HIDDEN;

/** A switch. options.get/set: when it is not simply true or false at the path. */
export function switchField(form, options) {
    const { path } = options;
    const read = options.get || (() => form.get(path) === true);
    const control = h('input', {
        id: newId('field'), type: 'checkbox', role: 'switch', checked: read(),
        on: { change: () => (options.set ? options.set(control.checked) : form.set(path, control.checked)) },
    });
    return frame(form, { ...options, class: `switch ${options.class || ''}` }, control,
        h('div', { class: 'line' }, control, h('label', { for: control.id }, options.label)));
}

/** options.choices: () -> [[value, text]]; read again whenever the form changes at `follow`. */
export function selectField(form, options) {
    const { path } = options;
    const control = h('select', {
        id: newId('field'),
        on: { change: () => form.set(path, control.value || (options.nullable ? null : '')) },
    });
    const draw = () => {
        const value = form.get(path) ?? '';
        fill(control, options.choices().map(([v, text]) => h('option', { value: v, selected: v === value }, text)));
        control.value = value;
    };
    draw();
    let later = 0;
    const follow = () => {
        clearTimeout(later);
        if (control.length < MANY) draw();
        else later = setTimeout(draw, 300);
    };
    if (options.follow) form.changed((p) => { if (p === '' || p.startsWith(options.follow)) follow(); });
    return frame(form, options, control, labelled(control, options.label));
}

/** Several entries, one a line. */
export function linesField(form, options) {
    const { path } = options;
    const control = h('textarea', {
        id: newId('field'), rows: Math.min(8, Math.max(2, (form.get(path) || []).length + 1)), spellcheck: 'false',
        value: (form.get(path) || []).join('\n'), placeholder: options.placeholder,
        on: {
            input: () => form.set(path, control.value.split('\n').map((s) => s.trim()).filter(Boolean)),
        },
    });
    return frame(form, options, control, labelled(control, options.label));
}

/** One of few, with an example each. options.choices: [[value, text, example]] */
export function radioField(form, options) {
    const name = newId('radio');
    const { path } = options;
    const group = h('fieldset', { id: name, class: 'plain', tabindex: -1 }, h('legend', null, options.label),
        options.choices.map(([value, text, example]) => {
            const id = newId('field');
            return h('div', { class: 'line' },
                h('input', {
                    id, type: 'radio', name, value, checked: form.get(path) === value,
                    on: { change: () => form.set(path, value) },
                }),
                h('label', { for: id }, text, example && h('span', { class: 'hint' }, ` ${example}`)));
        }));
    return frame(form, options, group, group);
}
