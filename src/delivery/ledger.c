#include "delivery/ledger.h"

#include <stdio.h>
#include <string.h>

static void count_outcome(struct ledger *l, const char *name)
{
    size_t i = 0;
    while (i < LEDGER_OUTCOMES - 1 && l->outcomes[i].name[0] && strcmp(l->outcomes[i].name, name))
        i++;
    if (i == LEDGER_OUTCOMES - 1)
        name = "other";
    snprintf(l->outcomes[i].name, sizeof l->outcomes[i].name, "%s", name);
    l->outcomes[i].count++;
}

void ledger_settle(struct ledger *l, const struct verdict *v)
{
    uint64_t *const counts[] = {
        [VERDICT_DONE] = &l->done,       [VERDICT_SKIP] = &l->skipped,
        [VERDICT_RETRY] = &l->retried,   [VERDICT_PARK] = &l->parked,
        [VERDICT_RELEASE] = &l->released,
    };
    ++*counts[v->kind];
    if (v->outcome[0])
        count_outcome(l, v->outcome);
}

bool ledger_balanced(const struct ledger *l)
{
    return l->received == l->done + l->skipped + l->retried + l->parked + l->released;
}
