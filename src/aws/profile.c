#include "aws/profile.h"

#include "base/digest.h"

#include <string.h>

struct parser {
    struct profile_set *set;
    enum profile_file file;
    int line;
    bool in_section;                      /* a section began, perhaps one that is ignored */
    bool in_property;                     /* an indented line continues something */
    bool in_block;                        /* … something whose value was empty: "a = b" lines */
    struct profile *profile;              /* NULL while its section is ignored */
    struct profile_property *property;    /* NULL while it is ignored */
    struct err *err;
};

/* ---- the set ---- */

static void wipe_text(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    mem_free(text);
}

static void clear_properties(struct profile *p)
{
    for (size_t i = 0; i < p->count; i++) {
        mem_free(p->properties[i].name);
        wipe_text(p->properties[i].value);
    }
    mem_free(p->properties);
    p->properties = NULL;
    p->count = p->cap = 0;
}

void profile_set_free(struct profile_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        clear_properties(&set->profiles[i]);
        mem_free(set->profiles[i].name);
    }
    mem_free(set->profiles);
    mem_free(set->paths[PROFILE_CONFIG]);
    mem_free(set->paths[PROFILE_CREDENTIALS]);
    *set = (struct profile_set){0};
}

static struct profile *find(const struct profile_set *set, enum profile_kind kind,
                            struct bytes name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->profiles[i].kind == kind && bytes_is(name, set->profiles[i].name))
            return &set->profiles[i];
    return NULL;
}

const struct profile *profile_find(const struct profile_set *set, enum profile_kind kind,
                                   const char *name)
{
    return find(set, kind, bytes_of(name));
}

static struct profile_property *property_named(const struct profile *p, struct bytes name)
{
    for (size_t i = 0; i < p->count; i++)
        if (bytes_is_nocase(name, p->properties[i].name))
            return &p->properties[i];
    return NULL;
}

const struct profile_property *profile_property(const struct profile *profile, const char *name)
{
    return property_named(profile, bytes_of(name));
}

static struct profile *find_or_add(struct parser *p, enum profile_kind kind, struct bytes name)
{
    struct profile_set *set = p->set;
    struct profile *hit = find(set, kind, name);
    if (hit)
        return hit;
    if (set->count == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 8;
        set->profiles = mem_resize(set->profiles, set->cap, sizeof *set->profiles);
    }
    hit = &set->profiles[set->count++];
    *hit = (struct profile){.kind = kind, .file = p->file, .line = p->line};
    hit->name = mem_slice(name.at, name.len);
    return hit;
}

static char *lower_copy(struct bytes name)
{
    char *copy = mem_slice(name.at, name.len);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return copy;
}

static struct profile_property *add_property(struct profile *p, struct bytes name)
{
    struct profile_property *hit = property_named(p, name);
    if (hit)
        return hit;
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 8;
        p->properties = mem_resize(p->properties, p->cap, sizeof *p->properties);
    }
    hit = &p->properties[p->count++];
    *hit = (struct profile_property){.name = lower_copy(name)};
    return hit;
}

/* ---- lines ---- */

static int refuse(struct parser *p, const char *why)
{
    return err_set(p->err, "BadProfile", "%s line %d: %s", p->set->paths[p->file], p->line, why);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Letters, digits and - _ / . % @ : + */
static bool is_identifier(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr("-_/.%@:+", c)))
            return false;
    }
    return name.len > 0;
}

/* What stands before a comment. Behind a value only white space makes a '#' or ';' one: keys and
 * URLs may hold them. */
static struct bytes before_comment(struct bytes line, bool needs_space)
{
    for (size_t i = 0; i < line.len; i++)
        if ((line.at[i] == '#' || line.at[i] == ';') &&
            (!needs_space || (i > 0 && blank(line.at[i - 1]))))
            return (struct bytes){line.at, i};
    return line;
}

static struct bytes first_word(struct bytes text, struct bytes *rest)
{
    size_t len = 0;
    while (len < text.len && !blank(text.at[len]))
        len++;
    *rest = bytes_trim(bytes_from(text, len));
    return (struct bytes){text.at, len};
}

/* "[default]" is dropped for "[profile default]", whichever comes first. */
static void enter_profile(struct parser *p, enum profile_kind kind, struct bytes name,
                          bool prefixed)
{
    struct profile *hit = find_or_add(p, kind, name);
    if (p->file == PROFILE_CONFIG && hit->prefixed && !prefixed)
        return;
    if (prefixed && !hit->prefixed) {
        clear_properties(hit);
        hit->prefixed = true;
        hit->line = p->line;
    }
    p->profile = hit;
}

/* In the config file a prefix says what a section is, and only "default" goes without. */
static void enter_config_section(struct parser *p, struct bytes title)
{
    static const struct {
        const char *prefix;
        enum profile_kind kind;
    } kinds[] = {
        {"profile", PROFILE_KEYS},
        {"sso-session", PROFILE_SSO_SESSION},
        {"services", PROFILE_SERVICES},
    };
    struct bytes name, word = first_word(title, &name);
    if (bytes_is(title, "default"))
        enter_profile(p, PROFILE_KEYS, title, false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bytes_is(word, kinds[i].prefix) && is_identifier(name))
            enter_profile(p, kinds[i].kind, name, true);
}

static int read_section(struct parser *p, struct bytes line)
{
    struct bytes title = bytes_trim(before_comment(line, false));
    p->in_section = true;
    p->in_property = false;
    p->profile = NULL;
    if (title.at[title.len - 1] != ']')
        return refuse(p, "Profile definition must end with ']'");
    title = bytes_trim((struct bytes){title.at + 1, title.len - 2});
    if (p->file == PROFILE_CONFIG)
        enter_config_section(p, title);
    else if (is_identifier(title))
        enter_profile(p, PROFILE_KEYS, title, false);
    return 0;
}

/* Splits "name = value # comment"; `sub` is for the wording only. */
static int split(struct parser *p, struct bytes line, bool sub, struct bytes *name,
                 struct bytes *value)
{
    line = before_comment(line, true);
    if (!memchr(line.at, '=', line.len))
        return refuse(p, sub ? "Expected an '=' sign defining a sub-property"
                             : "Expected an '=' sign defining a property");
    *name = bytes_trim(bytes_cut(line, '=', value));
    *value = bytes_trim(*value);
    if (!name->len)
        return refuse(p, sub ? "Sub-property did not have a name" : "Property did not have a name");
    return 0;
}

static int read_property(struct parser *p, struct bytes line)
{
    struct bytes name, value;
    if (!p->in_section)
        return refuse(p, "Expected a profile definition");
    if (split(p, line, false, &name, &value))
        return -1;
    p->in_property = true;
    p->in_block = value.len == 0;
    p->property = NULL;
    if (!p->profile || !is_identifier(name))
        return 0;
    p->property = add_property(p->profile, name);
    wipe_text(p->property->value);
    p->property->value = mem_slice(value.at, value.len);
    p->property->file = p->file;
    p->property->line = p->line;
    return 0;
}

static void append_line(struct profile_property *property, struct bytes line)
{
    size_t old = strlen(property->value);
    char *joined = mem_array(old + line.len + 2, 1);
    memcpy(joined, property->value, old);
    joined[old] = '\n';
    memcpy(joined + old + 1, line.at, line.len);
    wipe_text(property->value);
    property->value = joined;
}

static int read_continuation(struct parser *p, struct bytes line)
{
    struct bytes name, value;
    if (!p->in_section)
        return refuse(p, "Expected a profile definition");
    if (!p->in_property)
        return refuse(p, "Expected a property definition, found continuation");
    line = bytes_trim(line);
    if (p->in_block && split(p, line, true, &name, &value))
        return -1;
    if (p->property)
        append_line(p->property, line);
    return 0;
}

static int read_line(struct parser *p, struct bytes line)
{
    struct bytes text;
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    text = bytes_trim(line);
    if (!text.len || text.at[0] == '#' || text.at[0] == ';')
        return 0;
    if (memchr(line.at, 0, line.len))
        return refuse(p, "a NUL byte; is this file plain text in UTF-8?");
    if (blank(line.at[0]))
        return read_continuation(p, line);
    return line.at[0] == '[' ? read_section(p, line) : read_property(p, line);
}

int profile_parse(struct profile_set *set, struct bytes text, enum profile_file file,
                  const char *path, struct err *err)
{
    struct parser p = {.set = set, .file = file, .err = err};
    mem_free(set->paths[file]);
    set->paths[file] = mem_text(path);
    while (text.len) {
        struct bytes line = bytes_cut(text, '\n', &text);
        p.line++;
        if (read_line(&p, line))
            return -1;
    }
    return 0;
}
