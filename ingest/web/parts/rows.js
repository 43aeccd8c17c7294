// A table of rows that becomes cards where the window is narrow.
import { h } from './dom.js';

/** columns: [[title, cell(row)]]; the first one heads its row. Gives {element, body, draw(row)}. */
export function makeTable(caption, columns, properties = {}) {
    const body = h('tbody');
    const draw = (row) => h('tr', null, columns.map(([title, cell], i) =>
        (i === 0 ? h('th', { scope: 'row' }, cell(row)) : h('td', { 'data-label': title }, cell(row)))));
    const element = h('table', { class: 'cards wide', ...properties },
        h('caption', { class: 'visually-hidden' }, caption),
        h('thead', null, h('tr', null, columns.map(([title]) => h('th', { scope: 'col' }, title)))), body);
    return { element, body, draw };
}
