/*
 * The table of causes, and the message. Pure.
 */
#include "common/alert.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/doctor/doctor_remedy.h"
#include "common/jval.h"
#include "common/mem.h"
#include "common/text.h"

static const struct {
    const char *code, *text;
    const char *doctor; /* whose remedy it is; NULL: its own */
    const char *remedy;
    bool happens;
    const char *task_title, *task_text; /* NULL: none */
} table[ALERT_CAUSES] = {
    [ALERT_MEGAPLAN_CREDENTIALS] = {"megaplan_credentials",
                                    "Megaplan rejects the credentials; jobs are held.",
                                    "megaplan_credentials", NULL, false, NULL, NULL},
    [ALERT_MEGAPLAN_OUT] =
        {"megaplan_out", "Megaplan is out of order for this account; jobs are held.", NULL,
         "Run worker doctor: it says whether the address is wrong, Megaplan is not paid for, or it "
         "cannot be reached. Held jobs go on by themselves when it works again.",
         false, NULL, NULL},
    [ALERT_MANGO_REFUSED] =
        {"mango_refused", "MANGO rejects key or signature, or a request.", NULL,
         "Run worker doctor: it says whether the PBX's unique code or the key for signing is "
         "wrong. While MANGO refuses, calls are neither routed nor asked for their visitor.",
         false, "Телефония: MANGO OFFICE отклоняет запросы",
         "MANGO OFFICE отклоняет ключ, подпись или запрос. Проверьте в настройках уникальный код АТС и ключ для создания подписи "
         "(worker doctor скажет, что неверно). Пока MANGO OFFICE отклоняет запросы, звонки не направляются ответственным, и "
         "источник звонка не запрашивается."},
    [ALERT_DEAD_LETTERS] =
        {"dead_letters", "Jobs were given up: they are dead letters.", NULL,
         "worker dead list tells why; when that is mended, worker dead send sends them again.",
         true, "Телефония: часть звонков не обработана",
         "Часть того, что следовало сделать по звонкам, не удалась и отложена. Причины показывает страница настроек в разделе "
         "«Необработанное» (или worker dead list); когда причина устранена, отложенное отправляют ещё раз там же."},
    [ALERT_JOBS_HELD] =
        {"jobs_held", "Jobs are held for over ten minutes.", NULL,
         "Run worker doctor. If Megaplan works, its request budget is spent: raise it in the settings, if "
         "Megaplan allows it.",
         false, "Телефония: обработка звонков задерживается",
         "Обработка звонков стоит дольше десяти минут. Если Мегаплан работает, исчерпан лимит запросов: увеличьте его в "
         "настройках, если Мегаплан это позволяет (worker doctor скажет точнее)."},
    [ALERT_UNMAPPED] =
        {"unmapped", "Calls were not saved: nobody who took part is mapped.", "extensions_unmapped",
         NULL, true, "Телефония: звонки не сохраняются, сотрудник не указан",
         "Звонки не сохранены: ни один из внутренних номеров, участвовавших в них, не сопоставлен с сотрудником "
         "Мегаплана. Сопоставьте номера с сотрудниками на странице настроек или укажите сотрудника для остальных."},
    [ALERT_NO_WEBHOOKS] =
        {"no_webhooks", "MANGO's call history has calls of which no notifications came.", NULL,
         "In MANGO's account look at the API connector: the address for notifications, and that calls, summaries and recordings are "
         "switched on. Run worker doctor: it says whether the address can be reached. Such calls are handled by the call "
         "history, later.",
         false, "Телефония: не приходят уведомления о звонках",
         "В истории MANGO OFFICE есть звонки, о которых не пришло ни одного уведомления. Проверьте в личном кабинете MANGO OFFICE "
         "API-коннектор: адрес для уведомлений и что включены уведомления о звонках, итогах и записях. Пока уведомлений нет, "
         "звонки обрабатываются по истории, с опозданием."},
    [ALERT_VENDOR_APP] =
        {"vendor_app", "Calls stand in Megaplan twice: another application saves them, too.",
         "vendor_active", NULL, false, "Телефония: звонки сохраняются дважды",
         "Звонки сохраняет ещё одно приложение. Отключите приложение MANGO OFFICE в Мегаплане (Настройки, Расширения) и "
         "уберите его адрес из настроек АТС: пока оно работает, каждый звонок сохраняется дважды, а новые клиенты могут "
         "создаваться дважды."},
    [ALERT_FIELD_DELETED] =
        {"field_deleted", "The extra field for the visitor's client_id was deleted in Megaplan.",
         "fields_missing", NULL, false, "Телефония: удалено поле «ДКТ: client_id»",
         "Дополнительное поле клиента «ДКТ: client_id» удалено, без него отчёты коллтрекинга не видят звонков. Выключите и снова "
         "включите коллтрекинг на странице настроек: поле будет создано заново."},
};

const char *alert_code(enum alert_cause c)
{
    return table[c].code;
}

bool alert_task(enum alert_cause c, struct str *title, struct str *text)
{
    *title = str_of(table[c].task_title);
    *text = str_of(table[c].task_text);
    return title->len > 0;
}

bool alert_parse(struct str code, enum alert_cause *out)
{
    for (enum alert_cause c = ALERT_MEGAPLAN_CREDENTIALS; c < ALERT_CAUSES; c++)
        if (str_is(code, table[c].code)) {
            *out = c;
            return true;
        }
    return false;
}

const char *alert_text(enum alert_cause c)
{
    return table[c].text;
}

const char *alert_remedy(enum alert_cause c)
{
    return table[c].doctor ? doctor_remedy(table[c].doctor) : table[c].remedy;
}

bool alert_happens(enum alert_cause c)
{
    return table[c].happens;
}

char *alert_body(const struct alert_message *m)
{
    char since[TEXT_TIME_SIZE];
    const char *state = m->open ? "open" : "closed";
    char *id CLEANUP(mem_free_text) = mem_format("%.*s/%s/%" PRId64 "/%s", STR_ARG(m->account),
                                                 alert_code(m->cause), m->since, state);
    struct jval *v = jval_new_object();
    text_time(m->since, since);
    jval_put_int(v, "v", 1);
    jval_put_text(v, "id", str_of(id));
    jval_put_text(v, "account", m->account);
    jval_put_text(v, "cause", str_of(alert_code(m->cause)));
    jval_put_text(v, "state", str_of(state));
    jval_put_text(v, "since", str_of(since));
    jval_put_text(v, "text", str_of(alert_text(m->cause)));
    jval_put_text(v, "remedy", str_of(alert_remedy(m->cause)));
    return jval_dump_free(v, false);
}

void alert_key(const struct secret_key *key, struct str account, char out[ALERT_KEY_HEX + 1])
{
    uint8_t mac[SECRET_MAC_BYTES];
    const struct str texts[] = {STR("mangoplan alert"), account};
    secret_mac(key->bytes, texts, 2, mac);
    text_hex(mac, sizeof mac, out);
    secret_wipe(mac, sizeof mac);
}

void alert_sign(const char *key, int64_t at, struct str body, char timestamp[ALERT_HEADER],
                char signature[ALERT_SIGNATURE])
{
    uint8_t hmac[SECRET_MAC_BYTES];
    char hex[2 * SECRET_MAC_BYTES + 1], number[24];
    snprintf(number, sizeof number, "%" PRId64, at);
    const struct str texts[] = {str_of(number), STR("."), body};
    secret_hmac(str_of(key), texts, 3, hmac);
    text_hex(hmac, sizeof hmac, hex);
    snprintf(timestamp, ALERT_HEADER, "X-Mangoplan-Timestamp: %s", number);
    snprintf(signature, ALERT_SIGNATURE, "X-Mangoplan-Signature: sha256=%s", hex);
}
