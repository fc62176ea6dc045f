/* Writer: a Lua value on its way to JSON text: its tables as arrays and objects, members in byte
 * order of their names, and the path to what cannot be written. Its owner embeds it and says how
 * one value is written; it owns the text, the problem and the list of members. From the first byte
 * to the last it asks Lua for nothing that could raise, collect or run a script. */
#ifndef TIDEGATE_API_WRITER_H
#define TIDEGATE_API_WRITER_H

#include "base/json.h"
#include "base/json_write.h"

#include <lua.h>

struct writer_member {
    struct bytes name;     /* Lua's: the table that is being written keeps it */
    int slot;              /* of its value on the stack */
};

struct writer_step {
    struct bytes name;     /* of a member; its `at` is NULL in an array */
    lua_Integer index;
};

struct writer {
    /* the owner's */
    bool (*value)(lua_State *L, struct writer *w, int index);    /* writes one: [-0, +0, -] */
    const char *what;                        /* what a value cannot be: "JSON" */
    int depth_max;                           /* tables in one another, JSON_DEPTH_MAX at most */
    int mark;                                /* index of the metatable of arrays */

    struct json_writer out;
    struct buf text;
    struct buf problem;
    struct writer_member *members;           /* of all open objects, the innermost last */
    size_t member_count, member_cap;
    struct writer_step path[JSON_DEPTH_MAX];
    int depth;
};

void writer_init(struct writer *w);
void writer_free(struct writer *w);
/* Forgets text and problem; large memory is not kept. Begin and end with it: when what was made of
 * the text raised, the next call clears. */
void writer_clear(struct writer *w);

/* All below: [-0, +0, -], false when a problem stands in w->problem. `index` is absolute. */
bool writer_table(lua_State *L, struct writer *w, int index);    /* [1,…] or {"a":…} */
bool writer_array(lua_State *L, struct writer *w, int index);
bool writer_object(lua_State *L, struct writer *w, int index);
/* May tables be nested so deep as here? */
bool writer_may_enter(lua_State *L, struct writer *w);
bool writer_written(struct writer *w);                           /* did all go into the text? */
/* Say where and why, and return false. */
bool writer_refuse(struct writer *w, const char *fmt, ...) PRINTF(2, 3);
bool writer_refuse_type(struct writer *w, const char *type);

/* Leaves the values on the stack and appends sorted members to w->members. [-0, +n, -] */
bool writer_collect(lua_State *L, struct writer *w, int index);
void writer_add_member(struct writer *w, struct bytes name, int slot);
void writer_sort(struct writer_member *m, size_t count);

/* Would the table become an array? One with the mark would, and one with the keys 1 to n. */
bool writer_is_array(lua_State *L, int index, int mark);
bool writer_has_mark(lua_State *L, int index, int mark);         /* is that its metatable? */
/* The start of checked UTF-8, short enough to be quoted in a problem. */
struct bytes writer_shortened(struct bytes text);

#endif
