/*
 * The table. Who adds a code adds its row here and in worker/tools/README.md.
 */
#include "common/dead/fault.h"

const struct dead_fault dead_fault_table[] = {
    {"rejected", "Megaplan or MANGO understood the request and refused it three times",
     "read the reason and the HTTP status, put right what it names (a field that has become required, an "
     "employee or a client that is gone, a right that is missing), then send it again"},
    {"temporary", "no answer, or only errors of the service, for 72 hours, outages not counted",
     "see that the service answers now (worker doctor), then send it again"},
    {"config", "the account was removed or switched off while the job waited",
     "switch the account on and send it again; if it is gone for good, leave it: it expires"},
    {"input",
     "the message itself cannot be read, or lacks what it needs; or the account is not known",
     "look at it (worker dead show); if a newer version can read it, or the account is there now, send it "
     "again, else leave it"},
    {"auth",
     "credentials were refused: no letter of this version says so, for that is an outage, and jobs wait "
     "through it",
     "put the account's keys right (worker doctor), then send it again"},
    {"internal",
     "the program's own fault, or a webhook that ended the process three times at the same place",
     "report it with the output of worker dead show; send it again with a version that corrects it"},
    {"poison", "the job ended the process three times at the same place",
     "report it with the output of worker dead show; send it again with a version that corrects it"},
};

const size_t dead_fault_count = sizeof dead_fault_table / sizeof *dead_fault_table;

const struct dead_fault *dead_fault_find(struct str code)
{
    for (size_t i = 0; i < dead_fault_count; i++)
        if (str_is(code, dead_fault_table[i].code))
            return &dead_fault_table[i];
    return NULL;
}
