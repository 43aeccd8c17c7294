// What the API (or this page) does not take, shown at its field: which field a path means, what the message says in the
// page's language, and the summary with links to the fields.
import { h, fill, show } from '../parts/dom.js';
import { t, hasText, language } from '../i18n.js';

/** The texts of common/settings/*.c, without their values: their keys in the texts. */
const messages = [
    [/^empty$/, 'why.empty'], [/^missing$/, 'why.missing'], [/^missing: a token/, 'why.no_login'],
    [/^already in employees\[(\d+)\]/, 'why.twice'], [/^already used by account (\S+)/, 'why.used'],
    [/^not an extension/, 'why.extension'], [/^not a phone number/, 'why.phone'], [/^not a time/, 'why.time'],
    [/^not a date/, 'why.date'], [/^not like mon-fri/, 'why.days'], [/^not after working_hours\.from/, 'why.after'],
    [/^not in employees/, 'why.person'], [/^no such time zone/, 'why.zone'], [/^not a country code/, 'why.country'],
    [/^not an address that may be called/, 'why.url'], [/^has a query/, 'why.query'], [/^placeholders are/, 'why.placeholders'],
    [/^not a number or a mask/, 'why.mask'], [/^not a whole number/, 'why.number'], [/is not within (\S+) and (\S+)/, 'why.range'],
    [/^hidden, and .*base_url is another/, 'why.moved'], [/^hidden, and/, 'why.hidden'], [/^over (\d+) bytes/, 'why.long'],
    [/^over (\d+) entries/, 'why.many'], [/^not 1 to (\d+) of a-z/, 'why.account'], [/^has control/, 'why.control'],
];

export function reasonText(message) {
    for (const [pattern, key] of messages) {
        const found = pattern.exec(message);
        if (found) return t(key, { a: found[1], b: found[2] });
    }
    return language() === 'en' || !hasText('refused', 'invalid') ? message : `${t('refused.invalid')} ${message}`;
}

/** The key under which the form knows the field of an API's path; employees by their id, as indexes move. */
function keyOf(path, sent) {
    const employee = /^employees\[(\d+)\](?:\.(\w+))?/.exec(path);
    if (employee) {
        const id = sent.employees?.[Number(employee[1])]?.megaplan_id;
        return { id, key: `employees:${id}:${employee[2] === 'numbers' ? 'numbers' : 'extension'}` };
    }
    return { key: path.replace(/\[\d+\].*$/, '') };
}

function fieldOf(form, path, sent) {
    const { id, key } = keyOf(path, sent);
    if (id && form.reveal) form.reveal(id);
    for (let k = key; k; k = k.includes('.') ? k.slice(0, k.lastIndexOf('.')) : '') {
        if (form.fields.has(k)) return form.fields.get(k);
    }
    return null;
}

export function clearRefusals(form, summary) {
    for (const field of form.fields.values()) field.error('');
    form.tell('employees'); // what stands twice stays marked
    show(summary, false);
}

/** problems: [{path, text}]; the first one's field gets the focus. */
export function showRefusals(form, summary, problems, sent) {
    const rows = problems.map(({ path, text }) => {
        const field = fieldOf(form, path, sent);
        const line = /\[(\d+)\]$/.exec(path);
        const said = line && !path.startsWith('employees') ? `${t('why.line', { n: Number(line[1]) + 1 })} ${text}` : text;
        field?.error(said);
        return { field, text: said, path };
    });
    fill(summary, h('p', null, h('strong', null, t('refused.summary'))),
        h('ul', null, rows.map(({ field, text, path }) => h('li', null, field
            ? h('a', { href: '#', on: { click: (e) => { e.preventDefault(); field.focus(); } } }, field.label) : path || null,
        path || field ? ': ' : null, text))));
    show(summary, true);
    const first = rows.find((r) => r.field);
    if (first) first.field.focus();
    else summary.focus();
}

/** What can be said before asking: [{path, text}]. */
export function localProblems(form) {
    const problems = [];
    for (const [path, why] of form.missing || []) {
        const text = why();
        if (text) problems.push({ path, text });
    }
    const twice = form.repeated ? form.repeated() : new Map();
    for (const [key, list] of twice) {
        const last = list[list.length - 1];
        const at = form.draft.employees.indexOf(last);
        problems.push({
            path: `employees[${at}].${key[0] === 'x' ? 'extension' : 'numbers'}`,
            text: t('employees.twice', { value: key.slice(1), name: list[0].name || list[0].megaplan_id }),
        });
    }
    return problems;
}
