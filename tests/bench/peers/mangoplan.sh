# Mangoplan's ingest for the peers' bench runner: start ingest | accept.
# Build first (make, make benches). BUILD: another build folder.
start() {
    build=${BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/../../.." && pwd)/build}
    unset CRM_URL # the runner's own, for the worker; ingest refuses CRM_ variables it does not know
    if [ "$1" = accept ] || [ "${ACCEPT_ONLY:-0}" = 1 ]; then
        exec "$build/tests/bench/ingest_accept"
    fi
    export OPS_LISTEN=127.0.0.1:0 INGEST_SPOOL= LOG_LEVEL=warn
    export SECRET_KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
    settings=$(mktemp)
    cat >"$settings" <<END
{"version":1,"account":"$ACCOUNT","enabled":true,"timezone":"Europe/Moscow",
 "mango":{"api_key":"$API_KEY","api_salt":"$API_SALT"},
 "megaplan":{"base_url":"https://$ACCOUNT.megaplan.ru","token":"bench"}}
END
    "$build/worker" settings put "$settings" || exit
    rm -f "$settings"
    exec "$build/ingest"
}
