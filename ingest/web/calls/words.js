// What a call, a step and a state are called.
import { h } from '../parts/dom.js';
import { t, tc, hasText, language } from '../i18n.js';

let reasons = {}; // the server's English -> Russian
let patterns = []; // of those with a number or a name in them

/** To be awaited before words are wanted. */
export async function readyWords() {
    if (language() === 'ru') ({ default: reasons, patterns } = await import('./reasons_ru.js'));
}

/** A reason in the page's language; one that nobody translated is shown as it came. */
export function reasonWords(reason) {
    if (!reason || language() !== 'ru') return reason || '';
    if (reasons[reason]) return reasons[reason];
    for (const [pattern, words] of patterns) {
        const found = pattern.exec(reason);
        if (found) return words(reasonWords, ...found.slice(1));
    }
    return reason;
}

export const kindWords = (call) => [
    call.direction && hasText('direction', call.direction) ? tc('direction', call.direction) : t('direction.unknown'),
    call.kind && hasText('kind', call.kind) ? tc('kind', call.kind) : null,
].filter(Boolean).join(', ');

/** "entry:responsible:12" -> "responsible" */
const jobKind = (job, entry) => (entry && job?.startsWith(`${entry}:`) ? job.slice(entry.length + 1) : job || '').split(':')[0];

/** What a step is about, what came of it and why. */
export function stepWords(step, entry) {
    const kind = jobKind(step.job, entry);
    const name = hasText('job', kind) ? tc('job', kind) : hasText('rule', step.rule) ? tc('rule', step.rule) : step.rule || kind;
    return { name, result: step.result ? tc('result', step.result) : t('result.sent'), reason: reasonWords(step.reason) };
}

export const mark = (state) => h('span', { class: `mark ${{ done: 'ok', held: 'warn', dead: 'fail' }[state] || ''}` }, tc('state', state));
export const testMark = () => h('span', { class: 'badge' }, t('call.test'));
