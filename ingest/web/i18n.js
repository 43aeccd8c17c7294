// The page's language: which one, and its texts. A text that is missing is a defect that tests/e2e/test_texts.py finds;
// here its key is shown instead.
import { keep, kept } from './parts/kept.js';

const languages = ['ru', 'en'];
let current = languages.includes(kept('language')) ? kept('language') : 'ru';
let texts = (await import(`./i18n/${current}.js`)).default;
document.documentElement.lang = current;

export const language = () => current;
export const otherLanguage = () => (current === 'ru' ? 'en' : 'ru');

export async function setLanguage(name) {
    texts = (await import(`./i18n/${name}.js`)).default;
    current = name;
    keep('language', name);
    document.documentElement.lang = name;
}

const put = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

/** t('wait.for', {s: 5}) */
export const t = (key, values = {}) => (key in texts ? put(texts[key], values) : key);

/** By number: the texts are {one, few, many} or {one, other}; {n} is the number. */
export function tn(key, n, values = {}) {
    const forms = texts[key];
    if (!forms) return key;
    const form = forms[new Intl.PluralRules(current).select(n)] || forms.other || forms.many;
    return put(form, { n, ...values });
}

/** A code of the server's in words, or the code as it is: by prefix and code. */
export function tc(prefix, code) {
    const key = `${prefix}.${code}`;
    return key in texts ? texts[key] : String(code ?? '');
}

export const hasText = (prefix, code) => `${prefix}.${code}` in texts;
