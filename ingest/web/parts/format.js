// Times, durations and amounts as people read them, in the page's language and the reader's time zone.
import { language, t } from '../i18n.js';

const two = (n) => String(n).padStart(2, '0');

export function time(at) {
    const d = new Date(at);
    if (!at || Number.isNaN(d.getTime())) return '';
    return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function dateTime(at) {
    const d = new Date(at);
    if (!at || Number.isNaN(d.getTime())) return '';
    return new Intl.DateTimeFormat(language(), { dateStyle: 'short', timeStyle: 'medium' }).format(d);
}

/** A <time>'s attribute needs the machine's form. */
export const machineTime = (at) => (typeof at === 'number' ? new Date(at).toISOString() : String(at ?? ''));

export function seconds(n) {
    if (n === null || n === undefined || n < 0) return '—';
    const s = Math.round(n);
    if (s < 60) return t('span.s', { s });
    if (s < 3600) return t('span.m', { m: Math.floor(s / 60), s: two(s % 60) });
    if (s < 86400) return t('span.h', { h: Math.floor(s / 3600), m: two(Math.floor((s % 3600) / 60)) });
    return t('span.d', { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
}

export const number = (n) => (typeof n === 'number' ? new Intl.NumberFormat(language()).format(n) : '—');

export function money(amount, currency) {
    const n = Number(amount);
    if (!Number.isFinite(n)) return String(amount);
    try {
        return new Intl.NumberFormat(language(), { style: 'currency', currency: currency || 'RUB' }).format(n);
    } catch {
        return `${n} ${currency}`;
    }
}
