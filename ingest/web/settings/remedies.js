// Remedies in the page's language; in English they are the server's own.
import { language } from '../i18n.js';

let words = {};

/** To be awaited before they are wanted. */
export async function readyRemedies() {
    if (language() === 'ru') words = (await import('./remedies_ru.js')).default;
}

export const remedyWords = (code, text) => (language() === 'ru' && words[code]) || text || '';
