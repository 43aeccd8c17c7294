"""What the reference on Megaplan's API leaves open, as switches of the fake: each account may differ.

Values at the left are what an account does unless a test says otherwise. Pure data.
"""

DOUBTS = {
    # clients
    "userCreated": "accepted",         # accepted | ignored | refused (422)
    "update_without_id": "creates",    # creates | updates
    "responsibles_update": "replaces", # replaces | appends what an update's `responsibles` names
    "required_fields": [],             # ContractorType.requiredFields
    "create_answer": "named",          # named | poor (a create answers contentType and id alone)
    "dropped_write": "taken",          # taken | refused (403: an update of a client in the bin)
    # looking
    "callroute_users": "links",        # links | full | mixed
    "callroute_employees": "array",    # array | object
    "callroute_match": "last10",       # last10 | last7 | exact
    "callroute_lag_ms": 0,             # new clients are not found by callRoute so long
    "search_lag_ms": 500,              # ... nor by the full-text index
    "list_lag_ms": 0,                  # ... nor stand in lists
    "tasks_lag_ms": 0,                 # new tasks stand in no list so long
    "provider_lag_ms": 0,              # new calls are not found by providerId so long
    "fields_lag_ms": 0,                # new extra fields stand in no list so long
    "read_lag_ms": 0,                  # GET /x/{id} shows the state before a change so long
    "fresh_index": False,              # the full-text index finds nothing at all
    "pagination": "object",            # object | array (the empty array PHP makes of no pages)
    # extra fields
    "extra_field_id": "any",           # which {id} creates an extra field: "0", "null" or any
    "extra_field_answer": "one",       # one | all: creating a field answers it alone or the whole list
    "extra_field_labels": "repeat",    # repeat (a second field of a label is made) | unique (422)
    # calls
    "history_upserts": True,           # POST /callInfo/history changes a call of that providerId
    "provider_missing": "404",         # 404 | null | array: GET /callInfo/provider of nothing
    # tasks
    "closed_task": "403",              # 403 | 422: act_done of a task that is closed
    "deleted_task": "gone",            # gone (404) | dropped (answers with isDropped)
    "deadline_zone": "kept",           # kept, or the offset all DateTimes are answered in: "+00:00"
    # rights of the token's user
    "may_create_fields": True,         # else 403, as below
    "may_use_telephony": True,
    "may_read_calls": True,            # calls listed, or looked for
    "may_add_tasks": True,
    "may_add_clients": True,
    "may_read_clients": True,          # lists of contractors; a card by its id is read all the same
    "may_read_employees": True,
    "employees_shown": "all",          # all | half | none: how many of them the list has
    # limits; 0 = none
    "rate_per_second": 0,              # over it in any rate_window_ms: 429
    "rate_window_ms": 1000,
    "rate_per_hour": 0,                # over it in any rate_hour_s: 429
    "rate_hour_s": 3600,
    "rate_counts_login": True,
    "retry_after": None,               # of a 429
    "bulk": True,                      # else 404
    "bulk_counts": "one",              # against the limits: one | each (those over it are 429 in the
                                       # batch) | whole (each, and it is a 429 if it does not fit)
    "bulk_shape": "text",              # text | object (`body` of each) | envelopes (meta and data of each)
    "bulk_max": 100,                   # 422 beyond
    # answers
    "refusals_as_200": False,          # refusals come with HTTP 200, the truth is in meta.status
    "trace_bytes": 3000,               # meta.errors[].trace
    "clock_skew_s": 0,
    "login_refusal": "oauth",          # oauth | envelope | html: how a wrong password is answered
}

CHOICES = {
    "userCreated": ("accepted", "ignored", "refused"), "update_without_id": ("creates", "updates"),
    "responsibles_update": ("replaces", "appends"), "create_answer": ("named", "poor"),
    "dropped_write": ("taken", "refused"), "callroute_users": ("links", "full", "mixed"),
    "callroute_employees": ("array", "object"), "callroute_match": ("last10", "last7", "exact"),
    "pagination": ("object", "array"), "extra_field_id": ("any", "0", "null"),
    "extra_field_answer": ("one", "all"), "extra_field_labels": ("repeat", "unique"),
    "provider_missing": ("404", "null", "array"), "closed_task": ("403", "422"),
    "deleted_task": ("gone", "dropped"), "bulk_counts": ("one", "each", "whole"),
    "bulk_shape": ("text", "object", "envelopes"), "login_refusal": ("oauth", "envelope", "html"),
    "employees_shown": ("all", "half", "none"),
}


def check(doubts):
    """ValueError for a doubt or a choice that there is not."""
    unknown = set(doubts) - set(DOUBTS)
    if unknown:
        raise ValueError("unknown doubts: %s" % ", ".join(sorted(unknown)))
    for name, value in doubts.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError("doubt %s is one of %s" % (name, ", ".join(CHOICES[name])))
