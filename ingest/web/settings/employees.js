// 2, «Сотрудники»: who has which extensions and own numbers. The lists are read from Megaplan and MANGO; what is typed
// goes into employees[] of the document.
import { h, fill, button, busyButton, show, announce, newId } from '../parts/dom.js';
import { t, tn, tc } from '../i18n.js';
import { accountPath, get } from '../api.js';
import { dateTime } from '../parts/format.js';
import { refusalBox } from '../parts/refused.js';
import { extensionsOf } from './people.js';
import { readyRemedies, remedyWords } from './remedies.js';

const PAGE = 100; // rows drawn at once

/** Numbers as people write them, comparable. */
const digits = (text) => {
    const d = text.replace(/\D/g, '');
    if (!text.trim().startsWith('+') && d.length === 10) return `7${d}`;
    return d.length === 11 && d.startsWith('8') && !text.trim().startsWith('+') ? `7${d.slice(1)}` : d;
};
const split = (text) => text.split(/[,;\n]/).map((s) => s.trim()).filter(Boolean);

/** Which extensions and numbers stand at more than one place: Map of the text -> names. */
function repeated(employees) {
    const owners = new Map();
    for (const e of employees) {
        for (const x of extensionsOf(e)) owners.set(`x${x}`, [...(owners.get(`x${x}`) || []), e]);
        for (const n of e.numbers) owners.set(`n${digits(n)}`, [...(owners.get(`n${digits(n)}`) || []), e]);
    }
    return new Map([...owners].filter(([, list]) => list.length > 1));
}

const people = ['unmapped_employee', 'missed_in_ivr_responsible', 'missed_in_group_responsible', 'off_hours_responsible',
    'alert_responsible'];

/** The list with what is typed for one employee; without whoever has nothing any more and is needed nowhere. */
function placed(form, before, person, change) {
    const list = [...before];
    const at = list.findIndex((e) => e.megaplan_id === person.megaplan_id);
    const old = at < 0 ? { megaplan_id: person.megaplan_id, name: person.name || '', extension: null, extensions: [], numbers: [] } : list[at];
    const next = { ...old, ...change };
    const bare = extensionsOf(next).length === 0 && next.numbers.length === 0;
    const used = people.some((path) => form.get(path) === next.megaplan_id);
    if (bare && !used) {
        if (at >= 0) list.splice(at, 1);
    } else if (at < 0) {
        list.push(next);
    } else {
        list[at] = next;
    }
    return list;
}

const put = (form, person, change) => form.set('employees', placed(form, form.draft.employees, person, change));

const mapped = (form, id) => form.draft.employees.find((e) => e.megaplan_id === id);

function cell(form, person, kind, double, options) {
    const id = newId('employee');
    const error = h('p', { class: 'error', id: `${id}-error`, hidden: true });
    const label = kind === 'extension' ? t('employees.extension.of', { name: person.name }) : t('employees.numbers.of', { name: person.name });
    const read = () => {
        const e = mapped(form, person.megaplan_id);
        return e ? (kind === 'extension' ? extensionsOf(e) : e.numbers) : [];
    };
    const input = h('input', {
        id, value: read().join(', '), 'aria-label': label, 'aria-describedby': error.id, autocomplete: 'off',
        spellcheck: 'false', ...options,
        on: {
            input: () => {
                const all = split(input.value);
                put(form, person, kind === 'extension'
                    ? { extension: all[0] ?? null, extensions: all.slice(1) } : { numbers: all });
            },
        },
    });
    const tell = (text) => {
        error.textContent = text;
        show(error, Boolean(text));
        if (text) input.setAttribute('aria-invalid', 'true');
        else input.removeAttribute('aria-invalid');
    };
    const mark = () => {
        const twice = read().find((x) => double().has(kind === 'extension' ? `x${x}` : `n${digits(x)}`));
        if (!twice) return tell('');
        const others = double().get(kind === 'extension' ? `x${twice}` : `n${digits(twice)}`)
            .filter((e) => e.megaplan_id !== person.megaplan_id).map((e) => e.name || e.megaplan_id);
        tell(others.length ? t('employees.twice', { value: twice, name: others[0] }) : t('employees.twice.same', { value: twice }));
    };
    form.field(`employees:${person.megaplan_id}:${kind}`, { label, error: tell, focus: () => input.focus() });
    return {
        mark,
        element: h('td', { 'data-label': kind === 'extension' ? t('employees.extension') : t('employees.numbers') }, input, error),
        take(value) {
            input.value = [...read(), value].join(', ');
            input.dispatchEvent(new Event('input'));
            input.focus();
        },
    };
}

function row(form, person, proposal, double) {
    const extension = cell(form, person, 'extension', double, { list: 'extensions', inputmode: 'numeric' });
    const numbers = cell(form, person, 'numbers', double, { inputmode: 'tel' });
    if (proposal) {
        const offer = h('p', { class: 'proposal' },
            t('proposal', { extension: proposal.extension, by: tc('proposal', proposal.by) }), ' ',
            button(t('proposal.take'), () => {
                offer.remove();
                extension.take(proposal.extension);
            }, { 'aria-label': t('proposal.take.of', { name: person.name, extension: proposal.extension }) }));
        extension.element.append(offer);
    }
    return {
        mark() { extension.mark(); numbers.mark(); },
        element: h('tr', null,
            h('th', { scope: 'row' }, person.name || person.megaplan_id,
                h('span', { class: 'hint' }, [person.position, person.email].filter(Boolean).join(', '))),
            extension.element, numbers.element),
    };
}

const unmappedTable = (rows) => h('div', { class: 'box warn' },
    h('p', null, h('strong', null, t('unmapped.calls.title')), ' ', t('unmapped.calls.hint')),
    h('table', { class: 'cards' },
        h('thead', null, h('tr', null, [t('employees.extension'), t('unmapped.calls'), t('unmapped.last')].map((s) => h('th', { scope: 'col' }, s)))),
        h('tbody', null, rows.map((r) => h('tr', null, h('th', { scope: 'row' }, r.extension),
            h('td', { 'data-label': t('unmapped.calls') }, String(r.calls)),
            h('td', { 'data-label': t('unmapped.last') }, dateTime(r.last_at)))))));

/** Those of the document that Megaplan does not list any more: they keep their extensions from others. */
function gone(form, list) {
    if (!list.length) return null;
    const box = h('div', { class: 'box warn' },
        h('p', null, tn('employees.gone', list.length), ' ',
            list.map((e) => (e.name || e.megaplan_id) + (extensionsOf(e).length ? ` (${extensionsOf(e).join(', ')})` : '')).join('; ')),
        button(t('employees.gone.remove'), () => {
            const ids = new Set(list.map((e) => e.megaplan_id));
            for (const path of people) if (ids.has(form.get(path))) form.set(path, null);
            form.set('employees', form.draft.employees.filter((e) => !ids.has(e.megaplan_id)));
            box.remove();
        }));
    return box;
}

/** The list as rows: filtered, in pages, each with its fields. */
function table(form, state) {
    const body = h('tbody');
    const more = button('', () => { state.shown += PAGE; draw(); });
    const count = h('p', { class: 'hint', role: 'status' });
    let rows = [];
    let twice = repeated(form.draft.employees);
    const wanted = () => {
        const text = state.text.toLocaleLowerCase();
        return state.people.filter((p) => {
            const e = mapped(form, p.megaplan_id);
            if (state.without && e && extensionsOf(e).length) return false;
            return !text || `${p.name} ${p.email || ''} ${p.position || ''} ${e ? extensionsOf(e).join(' ') : ''}`.toLocaleLowerCase().includes(text);
        });
    };
    const draw = () => {
        const all = wanted();
        const taken = new Set(form.draft.employees.flatMap(extensionsOf));
        rows = all.slice(0, state.shown).map((p) => row(form, p,
            !extensionsOf(mapped(form, p.megaplan_id) || {}).length
                && state.proposals.find((o) => o.megaplan_id === p.megaplan_id && !taken.has(o.extension)), () => twice));
        fill(body, rows.map((r) => r.element));
        for (const r of rows) r.mark();
        more.textContent = t('employees.more', { n: all.length - rows.length });
        show(more, all.length > rows.length);
        count.textContent = all.length ? '' : t('employees.none');
    };
    form.changed((path) => {
        if (path !== 'employees' && path !== '') return;
        twice = repeated(form.draft.employees);
        for (const r of rows) r.mark();
    });
    form.repeated = () => repeated(form.draft.employees);
    form.reveal = (id) => {
        if (form.fields.has(`employees:${id}:extension`) && rows.length === wanted().length) return;
        Object.assign(state, { text: '', without: false, shown: Math.max(state.shown, state.people.findIndex((p) => p.megaplan_id === id) + 1) });
        draw();
    };
    draw();
    const filter = newId('filter');
    const without = newId('without');
    return [
        h('div', { class: 'filters' },
            h('div', { class: 'field' }, h('label', { for: filter }, t('employees.find')),
                h('input', { id: filter, type: 'search', on: { input: (e) => { state.text = e.target.value; draw(); } } })),
            h('div', { class: 'line' },
                h('input', { id: without, type: 'checkbox', on: { change: (e) => { state.without = e.target.checked; draw(); } } }),
                h('label', { for: without }, t('employees.without')))),
        h('table', { class: 'cards' },
            h('caption', { class: 'visually-hidden' }, t('employees.title')),
            h('thead', null, h('tr', null, [t('employees.name'), t('employees.extension'), t('employees.numbers')]
                .map((s) => h('th', { scope: 'col' }, s)))), body),
        count, more,
    ];
}

function takeAll(form, state, redraw) {
    const open = () => {
        const taken = new Set(form.draft.employees.flatMap(extensionsOf));
        return state.proposals.filter((o) => !taken.has(o.extension)
            && !extensionsOf(mapped(form, o.megaplan_id) || {}).length && state.people.some((p) => p.megaplan_id === o.megaplan_id));
    };
    const b = button('', () => {
        const all = open();
        form.set('employees', all.reduce((list, o) => placed(form, list,
            state.people.find((p) => p.megaplan_id === o.megaplan_id), { extension: o.extension, extensions: [] }), form.draft.employees));
        announce(tn('proposal.taken', all.length));
        redraw();
    });
    const look = () => {
        const n = open().length;
        b.textContent = tn('proposal.all', n);
        show(b, n > 1);
    };
    form.changed((path) => { if (path === 'employees' || path === '') look(); });
    look();
    return b;
}

function drawLists(form, lists, place) {
    const fromMegaplan = lists.employees.length > 0;
    const listed = lists.employees.filter((e) => e.works !== false);
    const known = new Set(listed.map((e) => e.megaplan_id));
    const others = form.draft.employees.filter((e) => !known.has(e.megaplan_id));
    const state = { text: '', without: false, shown: PAGE, proposals: lists.proposals || [], people: fromMegaplan ? listed : others };
    const draw = () => fill(place,
        (lists.warnings || []).filter((w) => w.code !== 'list_kept').map((w) => h('p', { class: 'box warn' },
            remedyWords(w.code, ''), ' ', h('span', { class: 'hint' }, w.message))),
        lists.kept && h('p', { class: 'box warn' }, t('employees.kept')),
        takeAll(form, state, draw),
        h('datalist', { id: 'extensions' }, (lists.extensions || []).map((x) => h('option', { value: x.extension }, x.name || ''))),
        table(form, state),
        fromMegaplan && gone(form, others),
        (lists.unmapped || []).length > 0 && unmappedTable(lists.unmapped),
        lists.read_at && h('p', { class: 'hint' }, t('employees.read', { at: dateTime(lists.read_at) })));
    draw();
}

/** `cache`: lists that were read before, for a page drawn anew. */
export function employeesSection(form, account, cache, signal) {
    const place = h('div', { 'aria-live': 'off' });
    const load = async () => {
        fill(place, h('p', { class: 'loading' }, t('employees.loading')));
        try {
            cache.lists = await get(accountPath(account, '/employees'), {}, { signal });
            if (cache.lists.warnings?.length) await readyRemedies();
            drawLists(form, cache.lists, place);
        } catch (e) {
            if (e.name === 'AbortError') return;
            drawLists(form, { employees: [] }, place);
            place.prepend(refusalBox(e, load));
        }
    };
    if (cache.lists) drawLists(form, cache.lists, place);
    else load();
    return h('section', { class: 'card', 'aria-labelledby': 'employees-title' },
        h('h2', { id: 'employees-title', tabindex: -1 }, t('employees.title')),
        h('p', { class: 'hint' }, t('employees.hint')),
        place,
        h('div', { class: 'buttons' }, busyButton(t('employees.reload'), load)));
}
