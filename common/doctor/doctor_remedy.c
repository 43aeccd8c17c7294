/*
 * The table of codes. Pure.
 */
#include "common/doctor/doctor_remedy.h"

#include <string.h>

static const struct {
    const char *code, *remedy;
} table[] = {
    /* of several checks */
    {"no_account", "Save the account's settings first."},
    {"too_soon",
     "Check again in some minutes: checks may ask only a small part of what the account allows."},
    {"not_read", "See the row of the connection: its answer is needed here."},
    {"list_kept",
     "Look into the other side's rights and lists: it suddenly answers with less than half of "
     "what was there before. The list before stands."},
    /* settings */
    {"settings_ok", ""},
    {"settings_off", "Switch the account on: until then its calls are kept, and nothing is done."},
    {"settings_refused",
     "Save the settings anew. If they are said to be sealed by another key: start all programs with the SECRET_KEY that "
     "sealed them (SECRET_KEY_OLD for the one before)."},
    /* mango */
    {"mango_ok", ""},
    {"mango_key",
     "Copy \"Unique code of your PBX\" from the PBX's personal account, Integrations, API connector."},
    {"mango_salt",
     "Copy \"Key for signing\" from the PBX's personal account, Integrations, API connector. Check "
     "again after two minutes: after a second wrong one within them MANGO blocks the API."},
    {"mango_closed",
     "Wait two minutes and check again. If it comes back: a program uses a wrong key or signature; "
     "MANGO then blocks the API for two minutes."},
    {"mango_refused",
     "Ask MANGO's support which right the PBX's API lacks; the message says what it refused."},
    {"mango_unreachable",
     "Let this machine call app.mango-office.ru, port 443 (firewall, DNS, mango.base_url, "
     "OUTBOUND_ALLOW)."},
    {"mango_unclear", "Check again later; if it stays, mango.base_url is not MANGO's API."},
    /* megaplan */
    {"megaplan_ok", ""},
    {"megaplan_credentials",
     "Enter Megaplan's token anew, or a user name and password of an employee who may log in."},
    {"megaplan_rights",
     "Give the token's user the right to see employees and clients, best as an administrator."},
    {"megaplan_clients",
     "Give the token's user the right to see all clients: numbers are looked up among them."},
    {"megaplan_payment", "Megaplan is not paid for: its API is switched off."},
    {"megaplan_address",
     "Correct megaplan.base_url: the address in the browser when Megaplan is open, like "
     "https://acme.megaplan.ru."},
    {"megaplan_refused", "The message says what Megaplan refused."},
    {"megaplan_unreachable",
     "Let this machine call Megaplan's address, port 443 (firewall, DNS, megaplan.base_url, "
     "OUTBOUND_ALLOW)."},
    {"megaplan_unclear",
     "Check again later; if it stays, megaplan.base_url is not Megaplan's API."},
    /* telephony */
    {"telephony_ok", ""},
    {"telephony_rights", "Give the token's user the right to use telephony in Megaplan."},
    {"telephony_off",
     "Switch on \"telephony by API\" in Megaplan: Settings, Integrations, Telephony."},
    /* webhook */
    {"webhook_ok", ""},
    {"public_url_missing",
     "Set PUBLIC_URL to the address that is entered in the PBX as the address of the external system."},
    {"webhook_private",
     "PUBLIC_URL leads to a private address from here. If that is meant, name its host in OUTBOUND_ALLOW; "
     "MANGO must reach it from the internet."},
    {"webhook_unreachable",
     "Open the address to the internet: DNS, firewall, the proxy, a certificate that is valid for its name."},
    {"webhook_unsigned",
     "Another installation answers there (another SECRET_KEY or TOPIC_PREFIX), or one that does not follow these settings "
     "(its /readyz tells); or the proxy changes the body."},
    {"webhook_redirect",
     "Enter the address in PUBLIC_URL, and in the PBX, to which it redirects: MANGO follows no redirect."},
    {"webhook_proxy",
     "The proxy does not reach ingest: start it, or correct the proxy's address of it."},
    {"webhook_certificate",
     "Install a certificate that is valid for this name, with the whole chain (intermediate certificates too); one of an "
     "authority of your own goes into CA_FILE, but MANGO will not know it."},
    {"webhook_not_found",
     "The address leads elsewhere: the proxy's path, or INGEST_BASE_PATH, is another one than PUBLIC_URL's."},
    {"webhook_forbidden",
     "INGEST_ALLOW_FROM, or the proxy, lets only some addresses in, not this machine: look whether MANGO's are among them."},
    {"webhook_unready", "The server there has not read its settings yet, or cannot reach Kafka."},
    {"webhook_not_ours",
     "Something answers there that is no Mangoplan: it takes a wrong signature, too. Correct PUBLIC_URL or the proxy."},
    {"webhook_status", "Look at the proxy in front: the answer is none of ours."},
    /* tls */
    {"tls_ok", ""},
    {"tls_plain",
     "Use https: what MANGO tells of calls goes over the internet in the clear. INGEST_TLS_CERT and "
     "INGEST_TLS_KEY, or a proxy."},
    {"tls_missing",
     "Let the server or the proxy offer TLS 1.2: MANGO supports neither older nor newer versions."},
    {"tls_certificate", "See the row webhook: the certificate."},
    {"tls_unreachable", "See the row webhook."},
    /* extensions */
    {"extensions_ok", ""},
    {"extensions_none",
     "Map employees to their extensions: calls in which none took part are not saved."},
    {"extensions_missing",
     "Correct the mapping: these extensions are nobody's in the PBX (Staff, the employee's card, Telephony)."},
    {"extensions_twice", "Give each employee of the PBX an extension of his own."},
    {"extensions_spare",
     "Map them if their calls are to be saved, or set a stand-in for unmapped extensions."},
    {"extensions_unmapped",
     "Map them, or set a stand-in for unmapped extensions: calls in which only they took part are not saved."},
    /* employees */
    {"employees_ok", ""},
    {"employees_dismissed", "Map their extensions to who took over."},
    {"employees_missing", "Choose them anew: Megaplan has no such employee."},
    {"employees_blocked",
     "Unblock them in Megaplan, or map their extensions to somebody else: calls are not routed to them."},
    /* fields */
    {"fields_ok", ""},
    {"fields_off", ""},
    {"fields_missing",
     "worker crm makes them within seconds of switching the setting on. If they were deleted by hand, switch it off and "
     "on again; else look at the rights: \"custom fields\" of clients."},
    {"fields_type", "Rename them in Megaplan: fields of these names exist, but take no text."},
    {"fields_rights", "Give the token's user the right to set up custom fields of clients' cards."},
    /* vendor */
    {"vendor_ok", ""},
    {"vendor_active",
     "Switch off the MANGO OFFICE application in Megaplan (Settings, Extensions) and take its address out of the PBX: while it "
     "is active each call is saved twice, and new clients may be, too."},
    {"vendor_unknown",
     "Look yourself into Megaplan, Settings, Extensions: the MANGO OFFICE application must be off."},
    /* greeting */
    {"greeting_ok", ""},
    {"greeting_late",
     "In the PBX's scheme put a greeting of 5 s or more with \"wait until it has ended\" = yes before "
     "the call is given away; if there is one, look at how long Megaplan takes to answer."},
    {"greeting_off", ""},
    {"greeting_hint",
     "In the PBX's scheme put a greeting of 5 s or more with \"wait until it has ended\" = yes before "
     "the call is given away, so that there is time to find the responsible. It cannot be seen from here."},
    /* recordings */
    {"recordings_off", ""},
    {"recordings_hint",
     "Links work only if the PBX allows them to be generated (Integrations, API connector): that cannot be seen from here. Click "
     "one."},
    {"recordings_refused", "The message says what Megaplan refused."},
    /* limits */
    {"limits_ok", ""},
    {"limits_hour",
     "Ask Megaplan for more requests an hour, and enter it in the settings; until then calls are saved later. megaplan.bulk "
     "helps where the account has it."},
    {"limits_routes",
     "More calls of known clients begin at once than MANGO routes: the others go on by the PBX's scheme, nothing is lost."},
    {"limits_refused", "The message says what MANGO refused; worker explain tells of one call."},
    /* refused */
    {"refused_ok", ""},
    {"refused_unknown", "See the row kafka."},
    {"refused_dead", "worker dead list names them; when the cause is gone, worker dead send."},
    /* timezone, clock, kafka */
    {"timezone_ok", ""},
    {"timezone_unknown", "Correct the time zone, or install the package tzdata."},
    {"clock_ok", ""},
    {"clock_wrong",
     "Let the machine's clock be set by the network (chrony, systemd-timesyncd): events older than 10 s do not route."},
    {"clock_unknown", "See the rows of the connections."},
    {"kafka_ok", ""},
    {"kafka_down", "Start Kafka, or correct KAFKA_BROKERS and KAFKA_PROPERTIES."},
    {"kafka_missing",
     "Start ingest or a worker again: programs make missing topics at their start."},
    {"kafka_counts",
     "Never change the partition count of a topic that is in use: calls are told apart by it. Restore the "
     "topic, or begin with another TOPIC_PREFIX."},
    /* workers */
    {"workers_ok", ""},
    {"workers_behind", ""},
    {"workers_unknown", "See the row kafka."},
    {"workers_none", "Start it: calls are kept until it runs."},
    {"workers_still",
     "Start it if it does not run; worker crm waits as well while Megaplan or MANGO are out of order: see their rows, and its "
     "log."},
};

const char *doctor_remedy(const char *code)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].code, code) == 0)
            return table[i].remedy;
    return NULL;
}

const char *doctor_remedy_code(size_t i)
{
    return i < sizeof table / sizeof *table ? table[i].code : NULL;
}
