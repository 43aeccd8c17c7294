// Making elements. Texts become text nodes, never markup: names and reasons come from people.

let last = 0;
export const newId = (stem = 'id') => `${stem}-${++last}`;

function setProperty(element, name, value) {
    if (value === null || value === undefined || value === false) return;
    if (name === 'on') {
        for (const [event, fn] of Object.entries(value)) element.addEventListener(event, fn);
    } else if (name === 'value') {
        element.value = value;
    } else if (name === 'checked' || name === 'selected') {
        element[name] = value;
    } else {
        element.setAttribute(name, value === true ? '' : value);
    }
}

/** h('p', {class: 'hint'}, 'text', element, null, [more]) */
export function h(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
        if (name !== 'value') setProperty(element, name, value);
    }
    element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
    // after its options are there
    if (properties && 'value' in properties) setProperty(element, 'value', properties.value);
    return element;
}

export function fill(element, ...children) {
    element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
    return element;
}

export const button = (text, onclick, properties = {}) =>
    h('button', { type: 'button', ...properties, on: { click: onclick } }, text);

/** Shown or hidden; true if it is shown. */
export function show(element, shown) {
    element.hidden = !shown;
    return shown;
}

/** Told to screen readers, once. */
export function announce(text) {
    const live = document.getElementById('live');
    live.textContent = '';
    setTimeout(() => { live.textContent = text; }, 50);
}

/** A button that cannot be pressed again while its work runs. It stays focusable. */
export function busyButton(text, work, properties = {}) {
    const b = button(text, async () => {
        if (b.getAttribute('aria-disabled') === 'true') return;
        b.setAttribute('aria-disabled', 'true');
        b.classList.add('busy');
        try {
            await work(b);
        } finally {
            b.removeAttribute('aria-disabled');
            b.classList.remove('busy');
        }
    }, properties);
    return b;
}
