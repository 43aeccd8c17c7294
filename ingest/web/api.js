// Requests to the API. A session that has ended is begun anew and the request repeated, so nothing typed is lost; "too
// soon" waits as long as it is told, visibly, and asks again. Knows nothing of what the answers mean.

const root = new URL('../api/', document.baseURI);

/** What the API refuses: status (0: nobody answered), code, field, message; see ingest/README.md. */
export class Refusal extends Error {
    constructor(status, body, after) {
        super(body.message || `HTTP ${status}`);
        this.status = status;
        this.code = body.error || 'unknown';
        this.field = body.field || '';
        this.retryAfter = after;
    }
}

// Given by the page when it starts: how to ask for the password, how to show that it waits (resolves when the time
// has come, rejects when the user does not want to wait).
const hooks = { signIn: null, wait: null };
export const setHooks = (given) => Object.assign(hooks, given);

let token = null;
let signingIn = null;

export const url = (path, query = {}) => {
    const u = new URL(path, root);
    for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null) u.searchParams.set(name, value);
    }
    return u;
};
export const accountPath = (account, rest = '') => `accounts/${encodeURIComponent(account)}${rest}`;

async function read(response) {
    const text = await response.text();
    try {
        return text ? JSON.parse(text) : null;
    } catch {
        return { error: 'unknown', message: text.slice(0, 200) };
    }
}

async function once(method, path, { body, query, headers = {}, signal }) {
    let response;
    try {
        response = await fetch(url(path, query), {
            method,
            signal,
            cache: 'no-store',
            headers: {
                Accept: 'application/json',
                ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
                ...(token && method !== 'GET' ? { 'X-CSRF-Token': token } : {}),
                ...headers,
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
    } catch (e) {
        if (e.name === 'AbortError') throw e;
        throw new Refusal(0, { error: 'network', message: e.message }, 0);
    }
    const data = await read(response);
    if (response.ok) return { status: response.status, data, etag: response.headers.get('ETag') };
    const after = Number(response.headers.get('Retry-After')) || data?.retry_after_s || 1;
    throw new Refusal(response.status, data || {}, after);
}

function askAgainForPassword() {
    signingIn ||= hooks.signIn().finally(() => { signingIn = null; });
    return signingIn;
}

/** Resolves with {status, data, etag}, rejects with a Refusal or an AbortError. */
export async function request(method, path, options = {}) {
    for (let renewed = false; ;) {
        try {
            return await once(method, path, options);
        } catch (e) {
            if (!(e instanceof Refusal)) throw e;
            if (e.status === 401 && e.code !== 'wrong_password') await askAgainForPassword();
            else if (e.status === 403 && e.code === 'csrf' && !renewed) {
                renewed = true;
                takeSession((await once('GET', 'session', {})).data);
            } else if (e.status === 429 && hooks.wait) await hooks.wait(e.retryAfter, e, options.signal, options.quiet);
            else throw e;
        }
    }
}

export const get = async (path, query, options) => (await request('GET', path, { query, ...options })).data;
export const post = async (path, body, options) => (await request('POST', path, { body, ...options })).data;

let session = null;
function takeSession(data) {
    token = data.csrf;
    session = data;
    return data;
}
export const currentSession = () => session;
export const readSession = async () => takeSession((await request('GET', 'session')).data);
export const signIn = async (password) => takeSession((await request('POST', 'session', { body: { password } })).data);
export async function signOut() {
    await request('DELETE', 'session');
    token = null;
    session = null;
}
