// The test call: what the rules would do with a call that never was. Nothing is changed anywhere, and the window says so.
import { h, fill, button, busyButton, newId } from '../parts/dom.js';
import { openDialog } from '../parts/dialog.js';
import { t, tc } from '../i18n.js';
import { accountPath, post } from '../api.js';
import { refusalBox } from '../parts/refused.js';
import { readyWords } from './words.js';
import { followStory } from './story.js';

const kinds = ['answered', 'missed', 'menu', 'outgoing'];

function input(name, label, hint, more = {}) {
    const id = newId('test');
    const control = h('input', { id, name, 'aria-describedby': `${id}-hint`, autocomplete: 'off', ...more });
    return [h('div', { class: 'field' }, h('label', { for: id }, label), control, h('p', { class: 'hint', id: `${id}-hint` }, hint)), control];
}

export async function openTestCall(account) {
    await readyWords();
    const abort = new AbortController();
    await openDialog(t('test.title'), (close) => {
        const kindId = newId('test');
        const kind = h('select', { id: kindId }, kinds.map((k) => h('option', { value: k }, tc('test', k))));
        const [fromField, from] = input('from', t('test.from'), t('test.from.hint'), { inputmode: 'tel', value: '79990000001' });
        const [lineField, line] = input('line', t('test.line'), t('test.optional'), { inputmode: 'tel' });
        const [extensionField, extension] = input('extension', t('test.extension'), t('test.optional'), { inputmode: 'numeric' });
        const place = h('div');
        const run = async () => {
            const body = { kind: kind.value, from: from.value.trim() };
            if (line.value.trim()) body.line = line.value.trim();
            if (extension.value.trim()) body.extension = extension.value.trim();
            fill(place, h('p', { class: 'loading' }, t('test.running')));
            try {
                const { entry_id: entry } = await post(accountPath(account, '/test-call'), body, { signal: abort.signal });
                fill(place, h('h3', null, t('test.story')), followStory(account, entry, abort.signal, true));
            } catch (e) {
                if (e.name === 'AbortError') return;
                fill(place, refusalBox(e));
                ({ from, line, extension })[e.field]?.focus();
            }
        };
        return [h('p', { class: 'box warn', role: 'note' }, h('strong', null, t('test.banner'))),
            h('div', { class: 'field' }, h('label', { for: kindId }, t('test.kind')), kind),
            fromField, h('div', { class: 'columns' }, lineField, extensionField),
            h('div', { class: 'buttons' }, busyButton(t('test.run'), run, { class: 'primary' }), button(t('close'), () => close(null))), place];
    }, { class: 'large' });
    abort.abort();
}
