// Which view stands in the address: #/ACCOUNT/VIEW/REST, #/new. A view that has something unsaved is asked before it goes.

const parse = (hash) => {
    const [account = '', view = '', ...rest] = hash.replace(/^#\/?/, '').split('/').map((s) => {
        try {
            return decodeURIComponent(s);
        } catch {
            return s;
        }
    });
    return { account, view, rest: rest.join('/') };
};

export const address = (account, view, rest) =>
    '#/' + [account, view, rest].filter((s) => s !== undefined && s !== '').map(encodeURIComponent).join('/');

export const where = () => parse(location.hash);
export const go = (account, view, rest) => { location.hash = address(account, view, rest); };

/** `open(place)` shows it; `mayLeave()` resolves with false to stay. */
export function startRouter(open, mayLeave) {
    let now = location.hash;
    let back = false;
    addEventListener('hashchange', async () => {
        if (back) {
            back = false;
            return;
        }
        const wanted = location.hash;
        if (!wanted.startsWith('#/')) { // the skip link
            history.replaceState(null, '', now);
            return;
        }
        if (wanted === now) return;
        if (!(await mayLeave())) {
            back = true;
            location.hash = now;
            return;
        }
        open(where());
        now = location.hash; // it may have led elsewhere
    });
    open(where());
    now = location.hash;
}
