// Light or dark: as the system says, or as the user says here.
import { keep, kept } from './parts/kept.js';

const order = ['auto', 'light', 'dark'];
let current = order.includes(kept('theme')) ? kept('theme') : 'auto';

function apply() {
    if (current === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = current;
}
apply();

export const theme = () => current;
export function nextTheme() {
    current = order[(order.indexOf(current) + 1) % order.length];
    keep('theme', current);
    apply();
    return current;
}
