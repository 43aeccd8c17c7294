// The settings document being edited: what is saved, what is typed, where each field stands. Knows no element but what
// fields tell it (show a message, take the focus).

export const HIDDEN = '***'; // a secret that is kept as it is stored

const keysOf = (path) => path.split('.');
export const getAt = (object, path) => keysOf(path).reduce((o, key) => (o === null || o === undefined ? o : o[key]), object);

export function setAt(object, path, value) {
    const keys = keysOf(path);
    const end = keys.pop();
    let at = object;
    for (const key of keys) {
        if (at[key] === null || typeof at[key] !== 'object') at[key] = {};
        at = at[key];
    }
    at[end] = value;
}

/** What an absent field means (design.md 6.4), so that every field has something to show. */
export const defaults = () => ({
    version: 1,
    account: '',
    enabled: false,
    timezone: 'Europe/Moscow',
    country_code: '7',
    mango: { api_key: '', api_salt: '', base_url: 'https://app.mango-office.ru/vpbx' },
    megaplan: {
        base_url: '', token: null, login: null, password: null,
        requests_per_second: 5, requests_per_hour: 1000, bulk: false,
    },
    employees: [],
    groups: [],
    lines: [],
    ignore_numbers: [],
    create_client: { incoming: false, missed: false, outgoing: false },
    phone_format: '79991231212',
    route_to_responsible: false,
    source_field: false,
    responsible_follows_transfer: false,
    missed_in_ivr_responsible: null,
    missed_in_group_responsible: null,
    call_tracking: false,
    call_records: false,
    record_link_days: 1825,
    popups: false,
    unmapped_employee: null,
    working_hours: null,
    off_hours_responsible: null,
    route_off_hours: true,
    alert_responsible: null,
    alert_url: null,
    alert_after_minutes: 60,
    missed_call_task: { enabled: false, deadline_minutes: 60, title: 'Перезвонить: {phone}' },
});

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

/** `over` laid on `under`, objects by their members. */
export function laid(under, over) {
    if (!isObject(under) || !isObject(over)) return over === undefined ? under : over;
    const out = { ...under };
    for (const [key, value] of Object.entries(over)) out[key] = laid(under[key], value);
    return out;
}

/** The paths of what differs; lists and working hours count as one. */
export function changedPaths(a, b, before = '') {
    const paths = [];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        const path = before + key;
        if (isObject(a[key]) && isObject(b[key]) && key !== 'working_hours') {
            paths.push(...changedPaths(a[key], b[key], `${path}.`));
        } else if (JSON.stringify(a[key]) !== JSON.stringify(b[key])) {
            paths.push(path);
        }
    }
    return paths;
}

const whole = (e) => ({
    megaplan_id: e.megaplan_id, name: e.name ?? '', extension: e.extension ?? null,
    extensions: e.extensions || [], numbers: e.numbers || [],
});
function shown(document) {
    const all = laid(defaults(), document);
    all.employees = all.employees.map(whole);
    return all;
}

/** A form over a document as the API gave it. */
export function makeForm(document, etag) {
    const saved = shown(document);
    const listeners = new Set();
    const fields = new Map();
    const form = {
        document,
        saved,
        draft: structuredClone(saved),
        etag,
        get: (path) => getAt(form.draft, path),
        set(path, value) {
            setAt(form.draft, path, value);
            form.tell(path);
        },
        /** fn(path) after every change; '' = all may have changed. */
        changed: (fn) => void listeners.add(fn),
        tell(path) {
            for (const fn of [...listeners]) fn(path);
        },
        /** What is sent: the stored document with what was changed here, so that nothing else is touched. */
        toSend() {
            const out = structuredClone(form.document);
            for (const path of changedPaths(form.saved, form.draft)) setAt(out, path, structuredClone(form.get(path)));
            return out;
        },
        dirty: () => changedPaths(form.saved, form.draft).length > 0,
        /** field: {label, error(text), focus()}; the page is drawn anew with new ones. */
        field: (path, field) => void fields.set(path, field),
        fields,
        forget() {
            fields.clear();
            listeners.clear();
        },
        /** Another version is the saved one now; `mine`: what was changed here stays changed. */
        rebase(newer, newEtag, mine) {
            const base = shown(newer);
            const draft = structuredClone(base);
            if (mine) {
                for (const path of changedPaths(form.saved, form.draft)) setAt(draft, path, structuredClone(form.get(path)));
            }
            Object.assign(form, { document: newer, saved: base, draft, etag: newEtag });
        },
    };
    return form;
}
