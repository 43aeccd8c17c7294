// What this browser remembers: language, colours, the account looked at last. Never anything of the accounts themselves.

export function kept(name) {
    try {
        return localStorage.getItem(`mangoplan.${name}`);
    } catch {
        return null; // forbidden: nothing is remembered
    }
}

export function keep(name, value) {
    try {
        localStorage.setItem(`mangoplan.${name}`, value);
    } catch {
        // the same
    }
}
