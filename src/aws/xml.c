#include "aws/xml.h"

#include "base/buf.h"

#include <expat.h>
#include <stdio.h>

enum { TEXT_MAX = 64 * 1024 };

struct walk {
    struct xml *xml;
    XML_Parser parser;
    struct buf text;
};

void xml_refuse(struct xml *x, const char *reason)
{
    if (!x->problem[0])
        snprintf(x->problem, sizeof x->problem, "%s", reason);
}

static void stop_if_refused(struct walk *w)
{
    if (w->xml->problem[0])
        XML_StopParser(w->parser, XML_FALSE);
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct walk *w = data;
    (void)attributes;
    buf_clear(&w->text);
    w->xml->depth++;
    if (w->xml->open)
        w->xml->open(w->xml, name);
    stop_if_refused(w);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct walk *w = data;
    w->xml->close(w->xml, name, buf_bytes(&w->text));
    w->xml->depth--;
    buf_clear(&w->text);
    stop_if_refused(w);
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
    struct walk *w = data;
    if (buf_add(&w->text, (struct bytes){text, (size_t)len}))
        xml_refuse(w->xml, "the text of an element is too long");
    stop_if_refused(w);
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    struct walk *w = data;
    (void)name, (void)system, (void)public, (void)internal;
    xml_refuse(w->xml, "it has a document type declaration");
    stop_if_refused(w);
}

static void parse(struct walk *w, struct bytes document)
{
    char reason[128];
    if (document.len > INT32_MAX) {
        xml_refuse(w->xml, "it is too long");
    } else if (XML_Parse(w->parser, document.at, (int)document.len, 1) != XML_STATUS_OK) {
        snprintf(reason, sizeof reason, "line %lu: %s",
                 (unsigned long)XML_GetCurrentLineNumber(w->parser),
                 XML_ErrorString(XML_GetErrorCode(w->parser)));
        xml_refuse(w->xml, reason);
    }
}

int xml_walk(struct xml *x, struct bytes document)
{
    struct walk w = {.xml = x, .parser = XML_ParserCreate(NULL)};
    x->depth = 0;
    x->problem[0] = 0;
    if (!w.parser) {
        xml_refuse(x, "out of memory");
        return -1;
    }
    buf_init(&w.text, TEXT_MAX);
    XML_SetUserData(w.parser, &w);
    XML_SetElementHandler(w.parser, on_start, on_end);
    XML_SetCharacterDataHandler(w.parser, on_text);
    XML_SetStartDoctypeDeclHandler(w.parser, on_doctype);
    parse(&w, document);
    XML_ParserFree(w.parser);
    buf_free(&w.text);
    return x->problem[0] ? -1 : 0;
}
